/// What a parser has read of a document so far.
package struct JSONProgress: Sendable {
    /// The bytes.
    package let bytes: Int
    /// The values, arrays and objects included.
    package let values: Int
    /// The strings: keys and values.
    package let strings: Int
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
    private var stringCount = 0

    /// Called now and then, and at the end; it ends the parsing by an error.
    private let check: ((JSONProgress) throws -> Void)?
    /// The position and the number of values at which `check` is called next.
    private var checkedPosition: Int
    private var checkedCount: Int
    /// The error of `check` that ended the parsing.
    private var interruption: (any Error)?

    /// The bytes and the values between two checks. The slowest of them, escape sequences and objects, take about a
    /// microsecond each on a busy CPU, so checks are at most a millisecond apart.
    private static let bytesBetweenChecks = 16 * 1024
    private static let valuesBetweenChecks = 512

    /// Parses a whole document.
    package static func parse(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits(),
        dialect: JSONDialect = .strict
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, limits: limits, dialect: dialect, check: nil)
        return try parser.document()
    }

    /// Parses a whole document that may take seconds.
    ///
    /// - Parameter check: Called at least every millisecond, and at the end, with what has been read. Its error ends
    ///   the parsing.
    /// - Throws: ``JSONError``, and what `check` throws.
    package static func parse(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits(),
        checking check: @escaping (JSONProgress) throws -> Void
    ) throws -> JSONValue {
        var parser = JSONParser(bytes: bytes, limits: limits, dialect: .strict, check: check)
        do {
            return try parser.document()
        } catch {
            throw parser.interruption ?? error
        }
    }

    private init(bytes: [UInt8], limits: JSONLimits, dialect: JSONDialect, check: ((JSONProgress) throws -> Void)?) {
        self.bytes = bytes
        self.limits = limits
        self.dialect = dialect
        self.check = check
        checkedPosition = check == nil ? bytes.count : min(bytes.count, Self.bytesBetweenChecks)
        checkedCount = check == nil ? limits.values : min(limits.values, Self.valuesBetweenChecks)
    }

    /// Calls `check`, and sets the place of the next call.
    @inline(never)
    private mutating func pause() throws(JSONError) {
        guard let check else { return }
        checkedPosition = min(bytes.count, position + Self.bytesBetweenChecks)
        checkedCount = min(limits.values, valueCount + Self.valuesBetweenChecks)
        do {
            try check(JSONProgress(bytes: position, values: valueCount, strings: stringCount))
        } catch {
            interruption = error
            throw JSONError(line: 0, column: 0, found: "an interruption", expected: "none")
        }
    }

    private mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw error(found: "a byte order mark", expected: "UTF-8 without one")
        }
        try checkEncoding()
        try skipSpace()
        let value = try value(depth: 0)
        try skipSpace()
        if position < bytes.count { throw unexpected(expected: "the end") }
        try pause()
        return value
    }

    /// The bytes that are validated in one piece.
    private static let bytesInPiece = 256 * 1024

    private mutating func checkEncoding() throws(JSONError) {
        var start = 0
        while start < bytes.count {
            var end = min(bytes.count, start + Self.bytesInPiece)
            // A scalar has at most three continuation bytes. None is cut off from its first byte.
            for _ in 0..<3 where end < bytes.count && bytes[end] & 0xC0 == 0x80 { end -= 1 }
            do {
                _ = try UTF8Span(validating: bytes.span.extracting(start..<end))
            } catch {
                position = start + error.byteOffsets.lowerBound
                throw self.error(found: "bytes that are not UTF-8", expected: "JSON in UTF-8")
            }
            start = end
            if start < bytes.count { try pause() }
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        valueCount += 1
        if valueCount > checkedCount {
            if valueCount > limits.values { throw error(found: "more values", expected: "at most \(limits.values)") }
            try pause()
        }
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
        try skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw unexpected(expected: "a key in quotation marks") }
            let keyPosition = position
            let key = try string()
            try skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected(expected: "\":\"") }
            try skipSpace()
            let value = try value(depth: depth)
            if !members.append(key, value) {
                guard dialect == .python else {
                    position = keyPosition
                    throw error(found: "the key \"\(key.beginning(60))\" a second time", expected: "each key once")
                }
                members.replace(key, value)
            }
            try skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw unexpected(expected: "\",\" or \"}\"") }
            try skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var elements: [JSONValue] = []
        try skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth))
            try skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected(expected: "\",\" or \"]\"") }
            try skipSpace()
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
        // Without checks: a number of a whole body's bytes takes a few milliseconds, and is too long.
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
        stringCount += 1
        position += 1
        let start = position
        try skipPlain()
        guard peek() == UInt8(ascii: "\\") else {
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            try closeString()
            return text
        }
        // The text with its escape sequences replaced.
        var text: [UInt8] = []
        var runStart = start
        while peek() == UInt8(ascii: "\\") {
            text += bytes[runStart..<position]
            position += 1
            text += UTF8.encode(try escapedScalar()) ?? UTF8.encodedReplacementCharacter
            runStart = position
            try skipPlain()
        }
        text += bytes[runStart..<position]
        try closeString()
        return String(decoding: text, as: UTF8.self)
    }

    /// Skips the bytes that stand for themselves in a string.
    private mutating func skipPlain() throws(JSONError) {
        while true {
            while position < checkedPosition, Self.isPlain(bytes[position]) { position += 1 }
            guard position >= checkedPosition, let byte = peek(), Self.isPlain(byte) else { return }
            try pause()
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func closeString() throws(JSONError) {
        guard let byte = peek() else { throw unexpected(expected: "a closing quotation mark") }
        guard byte == UInt8(ascii: "\"") else {
            throw error(found: "a control character in a string", expected: "an escape sequence for it")
        }
        position += 1
    }

    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        guard let escape = peek() else { throw unexpected(expected: "an escape sequence") }
        if position >= checkedPosition { try pause() }
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
            guard let digit = peek().flatMap(Self.hexDigit) else {
                throw unexpected(expected: "four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
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

    @inline(__always)
    private mutating func skipSpace() throws(JSONError) {
        if let byte = peek(), Self.isSpace(byte) { try skipSpaces() }
    }

    private mutating func skipSpaces() throws(JSONError) {
        while let byte = peek(), Self.isSpace(byte) {
            position += 1
            if position >= checkedPosition { try pause() }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
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
