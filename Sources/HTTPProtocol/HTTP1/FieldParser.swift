import HTTPTypes

/// One field line (RFC 9112, 5): a name that is a token, a colon right behind it, a value.
struct FieldParser {
    let name: HTTPField.Name
    /// The value without the white space around it.
    let value: ArraySlice<UInt8>

    init(_ line: [UInt8]) throws(ProtocolError) {
        // RFC 9112, 5.2: a folded line is refused by a server, or made a space; refusing leaves nothing to guess.
        if let first = line.first, ByteClass.isWhitespace(first) { throw .fieldFolded }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .fieldMalformed }
        // White space before the colon has been used to smuggle; it isn't a token byte (RFC 9112, 5.1).
        let nameBytes = line[..<colon]
        guard !nameBytes.isEmpty, nameBytes.allSatisfy({ ByteClass.isToken($0) }),
            let name = HTTPField.Name(String(decoding: nameBytes, as: UTF8.self))
        else { throw .fieldNameMalformed }
        let value = TokenList.trimmed(line[(colon + 1)...])
        guard value.allSatisfy({ ByteClass.isFieldValue($0) }) else {
            throw .fieldValueMalformed(name.canonicalName)
        }
        self.name = name
        self.value = value
    }
}
