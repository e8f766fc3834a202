/// Tells HTTP/2 by prior knowledge from HTTP/1.x by a connection's first bytes (RFC 9113, 3.3 and 3.4).
struct PrefaceDetector {
    /// What an HTTP/2 client sends first. No HTTP/1.x request that is served begins so: its method is reserved.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    enum Verdict: Equatable {
        /// What came so far begins both.
        case undecided
        case http1
        case http2
    }

    /// How many bytes agreed with the preface.
    private(set) var matched = 0

    /// Compares on from `position`, which is left behind the last byte that agreed.
    mutating func detect(_ input: Span<UInt8>, at position: inout Int) -> Verdict {
        while position < input.count, matched < Self.preface.count {
            guard input[position] == Self.preface[matched] else { return .http1 }
            matched += 1
            position += 1
        }
        return matched == Self.preface.count ? .http2 : .undecided
    }

    /// The bytes that agreed, for the protocol that it turned out to be.
    var matchedBytes: [UInt8] { Array(Self.preface.prefix(matched)) }
}
