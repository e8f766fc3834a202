import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A regular file of a model's folder, open for reading. Copies share the descriptor, which is closed with the last
/// one.
///
/// What a file of weights says about its tensors is read from a mapping that lives no longer than that takes; values
/// are then read by pread(2). Pages of a mapping would count as the process's memory, and a file that someone shortens
/// would end the process instead of being an error.
package final class OpenFile: Sendable {
    /// The file's path.
    package let path: String
    /// The file's size when it was opened.
    package let byteCount: Int
    private let descriptor: Int32

    /// Opens the file at `path`. Directories, devices, empty files and Git LFS's placeholders are refused.
    package init(path: String) throws(ModelError) {
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

    /// Whether there is something at `path`, be it a link that leads nowhere: a model of which a part is missing must
    /// not be taken for one that never had it.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// All bytes of the file at `path`.
    ///
    /// - Throws: `limitExceeded` for a file of more than `limit` bytes, and as ``init(path:)``.
    package static func contents(of path: String, limit: Int) throws(ModelError) -> [UInt8] {
        let file = try OpenFile(path: path)
        guard file.byteCount <= limit else {
            throw .limitExceeded(file: path, what: "bytes", found: "\(file.byteCount)", limit: limit)
        }
        var bytes = [UInt8](repeating: 0, count: file.byteCount)
        try file.read(from: 0, bytes.count, into: &bytes)
        return bytes
    }

    /// All bytes of the file at `path`, which may also be a pipe; then this waits for the writer.
    ///
    /// - Throws: `unreadable`, or `limitExceeded` for more than `limit` bytes.
    package static func contents(ofFileOrPipe path: String, limit: Int) throws(ModelError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try repeating(path) {
                unsafe chunk.withUnsafeMutableBytes { unsafe readSome(descriptor, $0) }
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw .limitExceeded(file: path, what: "bytes", found: "more", limit: limit)
            }
        }
    }

    /// Calls `body` with the whole file, mapped for as long as that takes.
    package func withBytes<Result>(
        _ body: (RawSpan) throws(ModelError) -> Result
    ) throws(ModelError) -> Result {
        guard let start = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw Self.unreadable(path, errno) }
        defer { unsafe munmap(start, byteCount) }
        return try body(unsafe UnsafeRawBufferPointer(start: start, count: byteCount).bytes)
    }

    /// Fills the first `count` of `bytes` with those of the file from `offset` on.
    package func read(from offset: Int, _ count: Int, into bytes: inout [UInt8]) throws(ModelError) {
        var span = bytes.mutableSpan
        var whole = unsafe span.mutableBytes
        var part = whole._mutatingExtracting(first: count)
        try read(from: offset, into: &part)
    }

    /// Fills `bytes` with those of the file from `offset` on.
    package func read(from offset: Int, into bytes: inout MutableRawSpan) throws(ModelError) {
        let (path, descriptor) = (path, descriptor)
        try unsafe bytes.withUnsafeMutableBytes { (bytes: UnsafeMutableRawBufferPointer) throws(ModelError) in
            var done = 0
            while done < bytes.count {
                let target = unsafe bytes.baseAddress.map { unsafe $0 + done }
                let count = try Self.repeating(path) {
                    unsafe pread(descriptor, target, bytes.count - done, off_t(offset + done))
                }
                guard count > 0 else {
                    throw .unreadable(file: path, reason: "it was made shorter while it was read")
                }
                done += count
            }
        }
    }

    /// A clone without Git LFS holds a line of text in each weight file's place.
    private func refusePlaceholder() throws(ModelError) {
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

    /// Calls `read` until no signal interrupts it, and gives the number of bytes that it read.
    private static func repeating(_ path: String, _ read: () -> Int) throws(ModelError) -> Int {
        while true {
            let count = read()
            if count >= 0 { return count }
            guard errno == EINTR else { throw unreadable(path, errno) }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ModelError {
        .unreadable(file: path, reason: SystemError.text(code))
    }
}

/// read(2), which the methods of ``OpenFile`` hide.
private func readSome(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
    unsafe read(descriptor, bytes.baseAddress, bytes.count)
}

extension [UInt8] {
    /// Appends a number's bytes, the lowest first, as files of tensors and of vectors have them.
    package mutating func append(littleEndian number: some FixedWidthInteger) {
        for shift in Swift.stride(from: 0, to: number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// Appends float32 values, little-endian.
    package mutating func append(littleEndian values: [Float]) {
        for value in values { append(littleEndian: value.bitPattern) }
    }
}

/// The operating system's words for an error. They stand here because this is the lowest target that all import which
/// open files.
package enum SystemError {
    /// What the error number `code` means.
    package static func text(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// The system's reason for an error of Foundation, whose own words often say no more than that something failed.
    package static func text(_ error: any Error) -> String {
        let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
        guard cause.domain == NSPOSIXErrorDomain else { return cause.localizedDescription }
        return text(Int32(clamping: cause.code))
    }
}
