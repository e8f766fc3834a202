#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A regular file's bytes, mapped read-only and privately, for as long as the value lives.
///
/// The mapping's length is the file's size at opening; a file that someone shortens afterwards is beyond what a
/// mapping can notice. Model files are replaced by renaming, not by truncating them.
@safe
struct MappedFile: ~Copyable, @unchecked Sendable {
    // Sendable: the memory is never written, and only `deinit`, which has the value to itself, unmaps it.
    private let memory: UnsafeRawBufferPointer

    /// Maps the file at `path`. Directories, devices and empty files are refused.
    init(path: String) throws(CheckpointError) {
        // O_NONBLOCK: opening a named pipe must not wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }

        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: path, reason: "not a regular file")
        }
        guard let byteCount = Int(exactly: status.st_size), byteCount > 0 else {
            throw .malformed(file: path, place: "file", found: "0 bytes", expected: "a file that is not empty")
        }
        guard let start = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw Self.unreadable(path, errno) }
        unsafe memory = UnsafeRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        unsafe munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
    }

    var byteCount: Int { unsafe memory.count }

    /// Calls `body` with the whole file.
    borrowing func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(memory.bytes)
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CheckpointError {
        .unreadable(file: path, reason: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")
    }
}
