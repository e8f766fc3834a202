/// A strict reader of JSON (RFC 8259) for files that decide how weights are read.
///
/// Why not Foundation's: there a repeated key silently wins or loses, `true` and `1` turn into each other, numbers are
/// rounded while parsing, and errors do not name a place. Here a repeated key is an error, as are values that only
/// Python writes (`NaN`), a byte order mark, and text after the document.
struct JSONParser {
    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var valueCount = 0

    /// The document in `bytes`; `file` is for messages.
    static func parse(_ bytes: [UInt8], file: String) throws(CheckpointError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, file: file)
        return try parser.document()
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func document() throws(CheckpointError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw malformed(found: "a byte order mark", expected: "UTF-8 without one")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(file: file, place: "text", found: "bytes that are not UTF-8", expected: "JSON in UTF-8")
        }
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw unexpected(expected: "the end of the file") }
        return value
    }

    private mutating func value(depth: Int) throws(CheckpointError) -> JSONValue {
        valueCount += 1
        if valueCount > CheckpointLimits.jsonValues {
            let limit = CheckpointLimits.jsonValues
            throw .limitExceeded(file: file, what: "JSON values", found: "more than \(limit)", limit: limit)
        }
        guard let byte = peek() else { throw unexpected(expected: "a JSON value") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw unexpected(expected: "a JSON value")
        }
    }

    private mutating func object(depth: Int) throws(CheckpointError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw unexpected(expected: "a key in quotation marks") }
            let keyPosition = position
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected(expected: "\":\"") }
            skipSpace()
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: key) == nil else {
                position = keyPosition
                throw malformed(found: "the key \(quoted(key)) a second time", expected: "each key once")
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected(expected: "\",\" or \"}\"") }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(CheckpointError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected(expected: "\",\" or \"]\"") }
            skipSpace()
        }
    }

    private func checkDepth(_ depth: Int) throws(CheckpointError) {
        let limit = CheckpointLimits.jsonDepth
        if depth > limit {
            throw .limitExceeded(
                file: file,
                what: "\(place(of: position)): depth of JSON",
                found: "more than \(limit)",
                limit: limit
            )
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(CheckpointError) -> JSONValue {
        let expected = "\(text)".utf8
        guard bytes[position...].starts(with: expected) else { throw unexpected(expected: "a JSON value") }
        position += expected.count
        return value
    }

    /// RFC 8259, section 6: no leading zeros, no bare point, no `+`.
    private mutating func number() throws(CheckpointError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let length = position - start
        let limit = CheckpointLimits.jsonNumberLength
        if length > limit {
            throw .limitExceeded(
                file: file,
                what: "\(place(of: start)): digits of a number",
                found: "\(length)",
                limit: limit
            )
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(CheckpointError) {
        guard isDigit(peek()) else { throw unexpected(expected: "a digit") }
        while isDigit(peek()) { position += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

// MARK: - Strings

extension JSONParser {
    /// A string, whose opening quotation mark is next.
    private mutating func string() throws(CheckpointError) -> String {
        position += 1
        var text = ""
        var runStart = position
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                text += String(decoding: bytes[runStart..<position], as: UTF8.self)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text += String(decoding: bytes[runStart..<position], as: UTF8.self)
                position += 1
                text.unicodeScalars.append(try escapedScalar())
                runStart = position
            case 0..<0x20:
                throw malformed(found: "a control character in a string", expected: "it escaped")
            default:
                position += 1
            }
        }
        throw unexpected(expected: "a closing quotation mark")
    }

    private mutating func escapedScalar() throws(CheckpointError) -> Unicode.Scalar {
        guard let escape = peek() else { throw unexpected(expected: "an escape sequence") }
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(escape)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            position -= 1
            throw unexpected(expected: "an escape sequence of JSON")
        }
    }

    /// `\uXXXX`, whose digits are next, or a surrogate pair of two.
    private mutating func unicodeEscape() throws(CheckpointError) -> Unicode.Scalar {
        let start = position
        let unit = try fourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let trail = try fourHexDigits()
            let code = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(trail) & 0x3FF
            if UTF16.isTrailSurrogate(trail), let scalar = Unicode.Scalar(code) { return scalar }
        }
        position = start
        throw malformed(found: "half a surrogate pair", expected: "both halves")
    }

    private mutating func fourHexDigits() throws(CheckpointError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected(expected: "four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}

// MARK: - Bytes and places

extension JSONParser {
    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func place(of position: Int) -> String {
        let before = bytes[..<position]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return "line \(line), byte \(position - lineStart + 1)"
    }

    private func malformed(found: String, expected: String) -> CheckpointError {
        .malformed(file: file, place: place(of: position), found: found, expected: expected)
    }

    private func unexpected(expected: String) -> CheckpointError {
        guard let byte = peek() else { return malformed(found: "the end of the file", expected: expected) }
        // The text is valid UTF-8: show the whole character that begins here.
        let character = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).unicodeScalars
        let found = byte < 0x80 ? Unicode.Scalar(byte) : character.first ?? Unicode.Scalar(byte)
        return malformed(found: quoted(String(found)), expected: expected)
    }
}
