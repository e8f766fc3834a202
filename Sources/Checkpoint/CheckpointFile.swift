#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A regular file, open for reading, shared among a checkpoint's copies and closed with the last of them.
///
/// What the file says about its tensors is read from a mapping that lives no longer than that takes; values are then
/// read by pread(2). Pages of a mapping would count as the process's memory, and a file that someone shortens would end
/// the process instead of being an error.
final class CheckpointFile: Sendable {
    let path: String
    /// The file's size when it was opened.
    let byteCount: Int
    private let descriptor: Int32

    /// Opens the file at `path`. Directories, devices and empty files are refused.
    init(path: String) throws(CheckpointError) {
        self.path = path
        // O_NONBLOCK: opening a named pipe must not wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        self.descriptor = descriptor

        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: path, reason: "not a regular file")
        }
        guard let byteCount = Int(exactly: status.st_size), byteCount > 0 else {
            throw .malformed(file: path, place: "file", found: "0 bytes", expected: "a file that is not empty")
        }
        self.byteCount = byteCount
        try refusePlaceholder()
    }

    deinit { close(descriptor) }

    /// Calls `body` with the whole file, mapped for as long as that takes.
    func withBytes<Result>(
        _ body: (RawSpan) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        guard let start = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw Self.unreadable(path, errno) }
        defer { unsafe munmap(start, byteCount) }
        return try body(unsafe UnsafeRawBufferPointer(start: start, count: byteCount).bytes)
    }

    /// Fills the first `count` of `bytes` with those of the file from `offset` on.
    func read(from offset: Int, _ count: Int, into bytes: inout [UInt8]) throws(CheckpointError) {
        var span = bytes.mutableSpan
        var whole = unsafe span.mutableBytes
        var part = whole._mutatingExtracting(first: count)
        try read(from: offset, into: &part)
    }

    /// Fills `bytes` with those of the file from `offset` on.
    func read(from offset: Int, into bytes: inout MutableRawSpan) throws(CheckpointError) {
        let (path, descriptor) = (path, descriptor)
        try unsafe bytes.withUnsafeMutableBytes { (bytes: UnsafeMutableRawBufferPointer) throws(CheckpointError) in
            var done = 0
            while done < bytes.count {
                let target = unsafe bytes.baseAddress.map { unsafe $0 + done }
                let count = unsafe pread(descriptor, target, bytes.count - done, off_t(offset + done))
                if count < 0 {
                    guard errno == EINTR else { throw Self.unreadable(path, errno) }
                } else if count == 0 {
                    throw .unreadable(file: path, reason: "it was made shorter while it was read")
                } else {
                    done += count
                }
            }
        }
    }

    /// A clone without Git LFS holds a line of text in each weight file's place.
    private func refusePlaceholder() throws(CheckpointError) {
        let text = Array("version https://git-lfs".utf8)
        guard byteCount >= text.count else { return }
        var start = [UInt8](repeating: 0, count: text.count)
        try read(from: 0, start.count, into: &start)
        guard start != text else {
            throw .malformed(
                file: path,
                place: "file",
                found: "a Git LFS pointer",
                expected: "the file itself (run `git lfs pull`)"
            )
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CheckpointError {
        .unreadable(file: path, reason: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")
    }
}
