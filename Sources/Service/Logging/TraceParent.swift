/// A `traceparent` field of W3C Trace Context: which trace a request is part of. It is carried into the log and the
/// answer as it came, because no span of ours comes between.
struct TraceParent: Sendable, Equatable {
    /// Bytes of version 00: `00-<trace>-<parent>-<flags>`. Later versions may be longer (section 4 of the standard).
    private static let versionBytes = 55
    /// Of a later version.
    private static let maxBytes = 256

    let text: String

    /// Nil where it is malformed, which the standard treats like a field that is not there.
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
