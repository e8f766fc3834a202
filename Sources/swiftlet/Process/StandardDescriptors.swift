#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard input, output and error as the process was given them.
enum StandardDescriptors {
    /// Opens /dev/null for each of the three that is closed. Else the next file or socket would take its number, and
    /// results or log lines would go there.
    static func ensureOpen() {
        while true {
            let number = unsafe open("/dev/null", O_RDWR)
            guard (0...2).contains(number) else {
                if number > 2 { close(number) }
                return
            }
        }
    }
}
