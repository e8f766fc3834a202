/// How a request's body is delimited (RFC 9112, 6.3). Combinations that two parsers could read differently are refused.
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked

    /// The fields that say how a message is framed. They are dropped from a handler's answer, because only the
    /// protocol knows its framing.
    static let fieldNames: Set<String> = [
        "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]

    /// Decides the framing from the values of all Content-Length fields (`lengths`) and all Transfer-Encoding fields
    /// (`codings`).
    init(lengths: [[UInt8]], codings: [[UInt8]], version: HTTPVersion) throws(ProtocolError) {
        guard codings.isEmpty else {
            guard version != .http10 else { throw .transferEncodingInHTTP10 }
            guard lengths.isEmpty else { throw .contentLengthWithTransferEncoding }
            try Self.requireChunked(codings)
            self = .chunked
            return
        }
        guard let length = lengths.first else {
            self = .none
            return
        }
        guard lengths.count == 1 else { throw .contentLengthRepeated }
        self = .length(try Self.length(length))
    }

    /// The value of 1*DIGIT that fits an `Int`, without sign, list or white space (RFC 9110, 8.6).
    private static func length(_ digits: [UInt8]) throws(ProtocolError) -> Int {
        // Nineteen digits are enough for every Int. More digits are refused, even leading zeros.
        guard !digits.isEmpty, digits.count <= 19 else { throw .contentLengthMalformed }
        var length = 0
        for digit in digits {
            guard ByteClass.isDigit(digit) else { throw .contentLengthMalformed }
            let (product, overflowed) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) = product.addingReportingOverflow(Int(digit) - 0x30)
            guard !overflowed, !overflowedToo else { throw .contentLengthMalformed }
            length = sum
        }
        return length
    }

    /// RFC 9112, 6.1 and 6.3: chunked must come once and last, otherwise the length is unknown (400). Another coding
    /// before it is not supported (501).
    private static func requireChunked(_ values: [[UInt8]]) throws(ProtocolError) {
        let codings = values.flatMap { TokenList.elements($0[...]) }
        let chunked = codings.filter { TokenList.isEqual($0, "chunked") }
        guard chunked.count == 1, let last = codings.last, TokenList.isEqual(last, "chunked"),
            codings.allSatisfy({ !$0.isEmpty })
        else { throw .transferEncodingMalformed }
        guard codings.count == 1 else { throw .transferCodingUnsupported }
    }
}
