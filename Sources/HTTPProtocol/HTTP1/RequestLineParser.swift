import HTTPTypes

/// A request line (RFC 9112, 3), taken apart: method, target and version with exactly one space between them.
struct RequestLineParser {
    /// The longest method that is registered has 17 letters.
    static let maxMethodBytes = 32
    /// What a request line has beside its target: a method, two spaces and the version.
    static let overheadBytes = maxMethodBytes + 2 + versionBytes
    private static let versionBytes = 8

    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion

    /// Errors come in the order in which a reader meets them, but for the version: what speaks another protocol
    /// should be told so rather than that its target is odd.
    init(_ line: [UInt8], maxTargetBytes: Int) throws(ProtocolError) {
        guard let methodEnd = line.firstIndex(of: ByteClass.space) else { throw .requestLineMalformed }
        let methodBytes = line[..<methodEnd]
        let rest = line[(methodEnd + 1)...]
        guard !methodBytes.isEmpty, methodBytes.allSatisfy({ ByteClass.isToken($0) }) else { throw .methodMalformed }
        guard let targetEnd = rest.firstIndex(of: ByteClass.space), targetEnd > rest.startIndex else {
            throw .requestLineMalformed
        }
        let targetBytes = rest[..<targetEnd]
        version = try Self.version(rest[(targetEnd + 1)...])
        guard methodBytes.count <= Self.maxMethodBytes else { throw .methodTooLong }
        guard targetBytes.count <= maxTargetBytes else { throw .targetTooLong(limit: maxTargetBytes) }
        guard let method = HTTPRequest.Method(String(decoding: methodBytes, as: UTF8.self)) else {
            throw .methodMalformed
        }
        self.method = method
        target = try RequestTarget(targetBytes, method: methodBytes)
    }

    /// `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112, 2.3).
    private static func version(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) -> HTTPVersion {
        let start = bytes.startIndex
        guard bytes.count == versionBytes, bytes.prefix(5).elementsEqual("HTTP/".utf8),
            ByteClass.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            ByteClass.isDigit(bytes[start + 7])
        else { throw .versionMalformed }
        guard bytes[start + 5] == UInt8(ascii: "1") else { throw .versionUnsupported }
        // RFC 9110, 2.5: a higher minor version than ours is read as ours.
        return bytes[start + 7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
