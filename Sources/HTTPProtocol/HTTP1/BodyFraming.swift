/// How a request's body is delimited (RFC 9112, 6.3). Every combination that two parsers could read in two ways is
/// refused.
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked

    /// `lengths` and `codings`: the values of all Content-Length and Transfer-Encoding fields.
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

    /// 1*DIGIT that fits an `Int`; neither sign nor list nor white space (RFC 9110, 8.6).
    private static func length(_ digits: [UInt8]) throws(ProtocolError) -> Int {
        // Nineteen digits hold every Int; more are refused even where they are leading zeros.
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

    /// RFC 9112, 6.1 and 6.3: chunked comes last and once, else the length isn't known (400); a coding before it is
    /// one that we don't have (501).
    private static func requireChunked(_ values: [[UInt8]]) throws(ProtocolError) {
        let codings = values.flatMap { TokenList.elements($0[...]) }
        let chunked = codings.filter { TokenList.isEqual($0, "chunked") }
        guard chunked.count == 1, let last = codings.last, TokenList.isEqual(last, "chunked"),
            codings.allSatisfy({ !$0.isEmpty })
        else { throw .transferEncodingMalformed }
        guard codings.count == 1 else { throw .transferCodingUnsupported }
    }
}
