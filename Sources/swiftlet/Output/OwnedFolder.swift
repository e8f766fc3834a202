import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that this process owns while the value lives: it holds flock(2) on the folder itself. The system takes the
/// lock away when the process ends, however it ends, so a folder that can be locked has no owner any more.
final class OwnedFolder: Sendable {
    private let descriptor: Int32

    /// Locks the folder at `path`; nil if another process owns it, or if there is none that can be locked.
    init?(_ path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        // Between the two calls, another process may have removed the folder or put one in its place.
        var (mine, there) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe fstat(descriptor, &mine) == 0,
            unsafe lstat(path, &there) == 0, mine.st_ino == there.st_ino
        else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
