/// Which documents a parser takes for JSON.
package enum JSONDialect: Sendable {
    /// RFC 8259, and each key once.
    case strict
    /// What Python's `json` reads, and therefore writes into a model's folder: also `NaN`, `Infinity` and `-Infinity`,
    /// of equal keys the last one, and half a surrogate pair, which becomes U+FFFD here.
    case python
}

/// A strict reader of JSON (RFC 8259), and of what Python takes for JSON.
///
/// It is used in place of Foundation's, which, measured on Linux with Swift 6.3, accepts `{"a":1,}`, silently keeps one
/// of two equal keys, and says only that a document is not valid, but not where.
package struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private let dialect: JSONDialect
    private var position = 0
    private var valueCount = 0

    /// Parses a whole document.
    package static func parse(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits(),
        dialect: JSONDialect = .strict
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, limits: limits, dialect: dialect)
        return try parser.document()
    }

    private init(bytes: [UInt8], limits: JSONLimits, dialect: JSONDialect) {
        self.bytes = bytes
        self.limits = limits
        self.dialect = dialect
    }

    private mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw error(found: "a byte order mark", expected: "UTF-8 without one")
        }
        try checkEncoding()
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw unexpected(expected: "the end") }
        return value
    }

    private mutating func checkEncoding() throws(JSONError) {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            position = error.byteOffsets.lowerBound
            throw self.error(found: "bytes that are not UTF-8", expected: "JSON in UTF-8")
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        valueCount += 1
        if valueCount > limits.values { throw error(found: "more values", expected: "at most \(limits.values)") }
        switch peek() {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"): return try number()
        case UInt8(ascii: "N") where dialect == .python: return try literal("NaN", .number("NaN"))
        case UInt8(ascii: "I") where dialect == .python: return try literal("Infinity", .number("Infinity"))
        case let byte where isDigit(byte): return try number()
        default: throw unexpected(expected: "a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var members = JSONObject()
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
            if !members.append(key, value) {
                guard dialect == .python else {
                    position = keyPosition
                    throw error(found: "the key \"\(key.prefix(60))\" a second time", expected: "each key once")
                }
                members.replace(key, value)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected(expected: "\",\" or \"}\"") }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
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

    private func checkDepth(_ depth: Int) throws(JSONError) {
        if depth > limits.depth { throw error(found: "deeper nesting", expected: "at most \(limits.depth) levels") }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let expected = "\(text)".utf8
        guard bytes[position...].starts(with: expected) else { throw unexpected(expected: "a value") }
        position += expected.count
        return value
    }

    /// Reads a number (RFC 8259, section 6): no leading zeros, no bare point, no `+`.
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if take(UInt8(ascii: "-")), dialect == .python, peek() == UInt8(ascii: "I") {
            return try literal("Infinity", .number("-Infinity"))
        }
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard position - start <= limits.numberLength else {
            let length = position - start
            position = start
            throw error(found: "a number of \(length) characters", expected: "at most \(limits.numberLength)")
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(JSONError) {
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
    /// Reads a string. Its opening quotation mark is next.
    private mutating func string() throws(JSONError) -> String {
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
                throw error(found: "a control character in a string", expected: "an escape sequence for it")
            default:
                position += 1
            }
        }
        throw unexpected(expected: "a closing quotation mark")
    }

    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
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
            throw unexpected(expected: "one of JSON's escape sequences")
        }
    }

    /// Reads the rest of `\uXXXX`, from its digits on, or of a surrogate pair of two such escapes.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        let unit = try fourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let end = position
        if UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let trail = try fourHexDigits()
            let code = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(trail) & 0x3FF
            if UTF16.isTrailSurrogate(trail), let scalar = Unicode.Scalar(code) { return scalar }
        }
        guard dialect == .strict else {
            position = end
            return "\u{FFFD}"
        }
        position = start
        throw error(found: "half a surrogate pair", expected: "both halves")
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
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

// MARK: - Bytes and positions

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

    private func error(found: String, expected: String) -> JSONError {
        let before = bytes[..<position]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONError(line: line, column: position - lineStart + 1, found: found, expected: expected)
    }

    private func unexpected(expected: String) -> JSONError {
        guard position < bytes.count else { return error(found: "the end", expected: expected) }
        // The text is valid UTF-8, so the whole character that begins here can be shown.
        let here = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).unicodeScalars
        let found = here.first.map { $0.value < 0x20 ? "a control character" : "\"\($0)\"" } ?? "nothing"
        return error(found: found, expected: expected)
    }
}

/// The error of a text that is not JSON or exceeds a limit: its place, what was found there and what was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The line, from 1 on.
    package let line: Int
    /// The column in bytes, from 1 on.
    package let column: Int
    /// What was found.
    package let found: String
    /// What was expected.
    package let expected: String

    package var description: String {
        "line \(line), column \(column): found \(found), expected \(expected)"
    }
}

/// Limits for the values that a document can make the parser build.
package struct JSONLimits: Sendable, Equatable {
    /// The most nested arrays and objects. The parser recurses once for each, on stacks of at least half a megabyte.
    package var depth = 64
    /// The most values of all kinds. Each takes a few dozen bytes, so a document of `[[],[],…` grows 20-fold.
    package var values = 4_000_000
    /// The most characters of one number. The shortest form of any double needs at most 24.
    package var numberLength = 512

    /// The default limits.
    package init() {}
}
