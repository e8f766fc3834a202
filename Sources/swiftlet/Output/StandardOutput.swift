#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard output, unbuffered: a result is seen as soon as it is there, and one write(2) costs far less than it.
enum StandardOutput {
    static var isTerminal: Bool { isatty(1) == 1 }

    /// Writes all bytes.
    ///
    /// - Throws: ``BrokenPipe``, or `writeFailed`.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe systemWrite(1, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw BrokenPipe()
            case EAGAIN: waitUntilWritable()
            case let code: throw CommandError.writeFailed(reason: systemErrorText(code))
            }
        }
    }

    /// A terminal that another program has set to non-blocking stays so for us.
    private static func waitUntilWritable() {
        var descriptor = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}

/// write(2), which inside of ``StandardOutput`` its own method hides.
private func systemWrite(_ number: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, address, count)
}
