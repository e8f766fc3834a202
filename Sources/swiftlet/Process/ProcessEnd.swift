#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The end of the process.
enum ProcessEnd {
    /// Ends the process at once, without the exit handlers of libraries: the engine's threads may still be at work and
    /// would find memory gone. Everything that was written has gone to the system already.
    static func now(_ status: ExitStatus) -> Never {
        _exit(status.rawValue)
    }
}
