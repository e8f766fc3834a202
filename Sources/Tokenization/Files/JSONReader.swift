/// Reads one JSON text (RFC 8259) strictly.
struct JSONReader {
    /// What is wrong, and at which byte.
    struct Failure: Error, Equatable {
        var reason: String
        var byteOffset: Int
    }

    /// The deepest nesting that is followed; tokenizer.json's own is about eight.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value that `bytes` are the text of.
    static func read(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipWhiteSpace()
        guard reader.position == bytes.count else {
            throw reader.failure("something follows the end of the JSON value")
        }
        return value
    }

    private func failure(_ reason: String) -> Failure { Failure(reason: reason, byteOffset: position) }

    /// The byte to be read next; nil at the end.
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func skip(_ byte: Character) -> Bool {
        guard let next, next == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw failure("more than \(Self.maximumDepth) levels of nesting") }
        skipWhiteSpace()
        guard let byte = next else { throw failure("the file ends where a JSON value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw failure("a JSON value was expected")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("a JSON value was expected") }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        skipWhiteSpace()
        if skip("}") { return .object([]) }
        repeat {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name in quotes was expected") }
            let name = try string()
            skipWhiteSpace()
            guard skip(":") else { throw failure("a colon was expected") }
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            skipWhiteSpace()
        } while skip(",")
        guard skip("}") else { throw failure("a comma or the end of the object was expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if skip("]") { return .array([]) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
        } while skip(",")
        guard skip("]") else { throw failure("a comma or the end of the array was expected") }
        return .array(elements)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure("a digit was expected") }
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        _ = skip("-")
        if skip("0") {
            if let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                throw failure("a number may not begin with 0")
            }
        } else {
            try digits()
        }
        if skip(".") { try digits() }
        if skip("e") || skip("E") {
            if !skip("-") { _ = skip("+") }
            try digits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }
}

extension JSONReader {
    private mutating func string() throws(Failure) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case ..<0x20:
                throw failure("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("the file ends within a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw failure("the file ends within a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): UTF8Bytes.encode(try escapedScalar()) { text.append($0) }
        default: throw failure("an unknown escape in a string")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair; `\u` has been read.
    private mutating func escapedScalar() throws(Failure) -> UInt32 {
        let first = try hexadecimal()
        guard (0xD800...0xDFFF).contains(first) else { return first }
        guard first < 0xDC00, skip("\\"), skip("u") else { throw failure("half a surrogate pair in a string") }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else { throw failure("half a surrogate pair in a string") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let next, let digit = Character(UnicodeScalar(next)).hexDigitValue, next < 0x80 else {
                throw failure("four hexadecimal digits were expected")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
