#if canImport(Glibc)
import Glibc
import ModelFiles
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A lock between processes, compatible with huggingface_hub's `WeakFileLock`: flock(2) on a file that is never
/// removed.
package struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Time between two attempts to take the lock.
    private static let interval = Duration.milliseconds(100)

    /// Waits until nobody else has the lock at `path`.
    ///
    /// - Parameter waiting: called once if the lock is not free.
    /// - Throws: `cacheFailed`, `CancellationError`.
    package static func acquire(_ path: String, waiting: () -> Void) async throws -> FileLock {
        var isTold = false
        while true {
            if let lock = try FileLock(trying: path) { return lock }
            if !isTold { waiting() }
            isTold = true
            try await Task.sleep(for: interval)
        }
    }

    /// Takes the lock; nil if another process has it.
    init?(trying path: String) throws(HubError) {
        // The file is writable by a group that shares the cache.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
        guard descriptor >= 0 else { throw .cacheFailed(path: path, reason: SystemError.text(errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard [EWOULDBLOCK, EINTR, EACCES].contains(code) else {
                throw .cacheFailed(path: path, reason: "it cannot be locked: \(SystemError.text(code))")
            }
            return nil
        }
        // A program that cleans the cache may have removed the file. Then this lock is on a file that nobody else sees.
        var (mine, there) = (stat(), stat())
        guard unsafe fstat(descriptor, &mine) == 0, unsafe stat(path, &there) == 0, mine.st_ino == there.st_ino else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
