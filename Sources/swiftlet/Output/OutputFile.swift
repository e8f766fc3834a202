#if canImport(Glibc)
import Glibc
import ModelFiles
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is being written. A lock keeps other programs from writing it, too. The file is closed when the value
/// ends.
struct OutputFile: ~Copyable {
    let path: String
    private let number: Int32

    /// Opens the file at `path` at its beginning and keeps its contents; creates the file if it is not there.
    ///
    /// - Throws: `writeFailed`, also if another process is writing the file.
    init(path: String) throws(CommandError) {
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard number >= 0 else { throw .writeFailed(reason: "\(path): \(SystemError.text(errno))") }
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno == EWOULDBLOCK ? "another process is writing it" : SystemError.text(errno)
            close(number)
            throw .writeFailed(reason: "\(path): \(reason)")
        }
        self.path = path
        self.number = number
    }

    deinit { close(number) }

    /// The length in bytes.
    func size() throws(CommandError) -> Int {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw failure() }
        return Int(status.st_size)
    }

    /// Truncates the file to `size` bytes; later writes append after them.
    func truncate(to size: Int) throws(CommandError) {
        guard ftruncate(number, off_t(size)) == 0, lseek(number, off_t(size), SEEK_SET) >= 0 else { throw failure() }
    }

    /// Writes all bytes after those written last.
    func write(_ bytes: [UInt8]) throws(CommandError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe systemWrite(number, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw failure()
            }
        }
    }

    /// Overwrites the file's first bytes.
    func writeAtStart(_ bytes: [UInt8]) throws(CommandError) {
        let end = lseek(number, 0, SEEK_CUR)
        guard end >= 0, lseek(number, 0, SEEK_SET) == 0 else { throw failure() }
        try write(bytes)
        guard lseek(number, end, SEEK_SET) == end else { throw failure() }
    }

    /// Makes sure that the bytes are on the disk, so that they survive a power failure.
    func synchronize() throws(CommandError) {
        guard fsync(number) == 0 else { throw failure() }
    }

    /// Renames the file to `path`, and replaces a file of that name.
    func rename(to path: String) throws(CommandError) {
        guard systemRename(self.path, path) == 0 else {
            throw .writeFailed(reason: "\(path): \(SystemError.text(errno))")
        }
    }

    private func failure() -> CommandError { .writeFailed(reason: "\(path): \(SystemError.text(errno))") }
}

/// Calls write(2) or rename(2). Inside ``OutputFile``, the type's own methods hide these names.
private func systemWrite(_ number: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, address, count)
}

private func systemRename(_ old: String, _ new: String) -> Int32 {
    unsafe rename(old, new)
}
