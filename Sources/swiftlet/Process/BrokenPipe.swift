#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The reader of the output has gone. Not a failure: `swiftlet embed … | head` ends so.
struct BrokenPipe: Error {
    /// Has a write to a pipe without a reader fail with EPIPE instead of ending the process.
    static func ignoreSignal() {
        signal(SIGPIPE, SIG_IGN)
    }
}
