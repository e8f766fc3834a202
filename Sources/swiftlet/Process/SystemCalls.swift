import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The reader of the output has gone. Not a failure: `swiftlet embed … | head` ends so.
struct BrokenPipe: Error {
    /// Has a write to a pipe without a reader fail with EPIPE instead of ending the process.
    static func ignoreSignal() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// What errno says, in words.
func systemErrorText(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}

/// The end of the process.
enum ProcessEnd {
    /// Ends the process at once, without the exit handlers of libraries: the engine's threads may still be at work and
    /// would find memory gone. Everything that was written has gone to the system already.
    static func now(_ status: ExitStatus) -> Never {
        _exit(status.rawValue)
    }
}

/// Standard error, for messages and progress; standard output is for results only.
enum StandardError {
    static var isTerminal: Bool { isatty(2) == 1 }

    /// Writes a text; where that fails there is nobody left to tell.
    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// Standard output, unbuffered: a result is seen as soon as it is there, and one write(2) costs far less than it.
enum StandardOutput {
    static var isTerminal: Bool { isatty(1) == 1 }

    /// Writes all bytes.
    ///
    /// - Throws: ``BrokenPipe``, or `writeFailed`.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Self.write($0) }
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

    private static func write(_ buffer: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        unsafe Darwin.write(1, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        unsafe Musl.write(1, buffer.baseAddress, buffer.count)
        #else
        unsafe Glibc.write(1, buffer.baseAddress, buffer.count)
        #endif
    }

    /// A terminal that another program has set to non-blocking stays so for us.
    private static func waitUntilWritable() {
        var descriptor = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}
