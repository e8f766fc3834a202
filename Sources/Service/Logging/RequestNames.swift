import Synchronization

/// The name of a request in the log and in its answer; if the client gave the name, in the client's logs too.
struct RequestID: Sendable, Equatable {
    /// A longer name is not adopted, because clients could fill the log with it.
    static let maxBytes = 128

    let text: String

    /// The client's own name, if it is short and printable ASCII.
    init?(adopting text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count), text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        self.text = text
    }

    /// A unique name: random bits of the process, then a number.
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

/// A `traceparent` field of W3C Trace Context, which names the trace that a request is part of. The log and the answer
/// carry it unchanged, because the service adds no span of its own.
struct TraceParent: Sendable, Equatable {
    /// Bytes of version 00: `00-<trace>-<parent>-<flags>`. Later versions may be longer (section 4 of the standard).
    private static let versionBytes = 55
    /// The most bytes of a later version.
    private static let maxBytes = 256

    let text: String

    /// Makes a value from the field's text; nil for a malformed field, which the standard treats like an absent one.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (Self.versionBytes...Self.maxBytes).contains(bytes.count), bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        let fields = bytes.prefix(Self.versionBytes)
            .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard fields.map(\.count) == [2, 32, 16, 2], fields.allSatisfy({ $0.allSatisfy(Hexadecimal.isDigit) }) else {
            return nil
        }
        let isLater = fields[0].elementsEqual("00".utf8) == false
        let isContinued = bytes.count > Self.versionBytes
        guard !fields[0].elementsEqual("ff".utf8), fields[1].contains(where: { $0 != UInt8(ascii: "0") }),
            fields[2].contains(where: { $0 != UInt8(ascii: "0") }),
            !isContinued || isLater && bytes[Self.versionBytes] == UInt8(ascii: "-")
        else { return nil }
        self.text = text
    }

    /// The trace's identifier, 32 hexadecimal digits.
    var traceID: Substring { text.dropFirst(3).prefix(32) }
}
