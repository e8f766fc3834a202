import Synchronization

/// By what a request is named in the log, in its answer and, where the client gave it, in the client's own logs.
struct RequestID: Sendable, Equatable {
    /// A longer one is not taken over: it would be a way to fill the log.
    static let maxBytes = 128

    let text: String

    /// The client's own, where it is short and printable ASCII.
    init?(adopting text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count), text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        self.text = text
    }

    /// One that no other request has: random bits of the process, then a number.
    init() {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        text = Self.process + Hexadecimal.text(number)
    }

    private static let process = Hexadecimal.text(UInt64.random(in: 0 ... .max))
    private static let count = Atomic<UInt64>(0)
}

/// Lower-case hexadecimal numbers of a fixed width.
enum Hexadecimal {
    /// 16 digits.
    static func text(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
