import CNghttp2
import HTTPTypes

/// An answer's fields, laid out for libnghttp2: names lower-case, no byte that could not stand in a field line, none
/// of the fields that concern HTTP/1.1 connections.
struct HeaderBlock {
    private var bytes: [UInt8] = []
    /// Where each name and value ends in `bytes`.
    private var ends: [(name: Int, value: Int)] = []

    init(_ response: HTTPResponse, contentLength: Int?) {
        append(":status", String(response.status.code))
        for field in response.headerFields
        where !ResponseSerializer.framingFields.contains(field.name.canonicalName) {
            append(field.name.canonicalName, field.value)
        }
        if let contentLength { append("content-length", String(contentLength)) }
    }

    /// The block of an interim answer.
    init(status: Int) {
        append(":status", String(status))
    }

    private mutating func append(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        let nameEnd = bytes.count
        // RFC 9113, 8.2.1: what could end a line becomes a space, and none stands at either end.
        let clean = value.utf8.map { ByteClass.isFieldValue($0) ? $0 : ByteClass.space }
        bytes.append(contentsOf: TokenList.trimmed(clean[...]))
        ends.append((nameEnd, bytes.count))
    }

    /// Calls `body` with the fields; the library copies what it keeps.
    func withFields(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32) -> Int32 {
        var bytes = bytes
        return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return NGHTTP2_ERR_INVALID_ARGUMENT.rawValue }
            var start = 0
            let fields = unsafe ends.map { end in
                defer { start = end.value }
                return unsafe nghttp2_nv(
                    name: base + start,
                    value: base + end.name,
                    namelen: end.name - start,
                    valuelen: end.value - end.name,
                    flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                )
            }
            return unsafe fields.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
    }
}
