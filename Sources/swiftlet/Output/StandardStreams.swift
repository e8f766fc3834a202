import Foundation
import ModelFiles

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard output without a buffer, so that each result is visible at once. A write(2) costs far less than the
/// computation of a result.
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
            case let code: throw CommandError.writeFailed(reason: SystemError.text(code))
            }
        }
    }

    /// Waits until output is possible. This is needed if another program has set the terminal to non-blocking, because
    /// that holds for this program too.
    private static func waitUntilWritable() {
        var descriptor = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}

/// Calls write(2). Inside ``StandardOutput``, the type's own method hides that name.
private func systemWrite(_ number: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, address, count)
}

/// Standard error, for messages and progress; standard output is for results only.
enum StandardError {
    static var isTerminal: Bool { isatty(2) == 1 }

    /// Writes a text. A failure is ignored: there is no other place to report it.
    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Writes what the user of a model should know, a line for each warning.
    static func write(warnings: [String]) {
        for warning in warnings { write("warning: \(warning)\n") }
    }
}

/// The descriptors of standard input, output and error.
enum StandardDescriptors {
    /// Opens /dev/null in place of each of the three that is closed. Otherwise the next file or socket would get the
    /// free number, and results or log lines would be written to it.
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
