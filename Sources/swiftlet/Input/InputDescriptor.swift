#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file, a pipe or a terminal that is read piece by piece. Closed with the value, unless it is standard input.
struct InputDescriptor: ~Copyable {
    /// Bytes asked for at once: a pipe holds no more on Linux.
    private static let pieceBytes = 64 * 1024

    private let number: Int32

    /// Whether there is a person to be told what is waited for.
    static var isStandardInputTerminal: Bool { isatty(0) == 1 }

    static var standardInput: InputDescriptor { InputDescriptor(number: 0) }

    /// Opens the file at `path`.
    ///
    /// - Throws: `noInput`.
    init(path: String) throws(CommandError) {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .noInput(path: path, reason: systemErrorText(errno)) }
        self.number = number
    }

    private init(number: Int32) { self.number = number }

    deinit {
        if number > 0 { close(number) }
    }

    /// The next bytes, as soon as there are some; none at the end.
    func read() throws(LineError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
                let result = unsafe systemRead(number, buffer.baseAddress, buffer.count)
                if result < 0 { failure = errno }
                count = max(0, result)
            }
            switch failure {
            case 0: return piece
            case EINTR: continue
            case EAGAIN: waitUntilReadable()
            default: throw .readFailed(reason: systemErrorText(failure))
            }
        }
    }

    /// A terminal or a pipe that another program has set to non-blocking stays so for us.
    private func waitUntilReadable() {
        var descriptor = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}

/// read(2), which inside of ``InputDescriptor`` its own method hides.
private func systemRead(_ number: Int32, _ address: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(number, address, count)
}
