/// Writes a JSON document as UTF-8 bytes, piece by piece, with the commas in their places.
package struct JSONWriter {
    /// What has been written and not been taken.
    package internal(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer with room for so many bytes before memory is asked for again.
    package init(reservingBytes capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Makes room for so many bytes more.
    package mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(bytes.count + count)
    }

    /// Takes what has been written so far and goes on behind it.
    package mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Opens an object: keys with their values follow.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the object opened last.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array: values follow.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the array opened last.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// An object of the members that a closure writes.
    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        try members(&self)
        endObject()
    }

    /// An array with a value for each element.
    package mutating func array<Elements: Sequence>(
        _ elements: Elements,
        _ write: (inout JSONWriter, Elements.Element) throws -> Void
    ) rethrows {
        beginArray()
        for element in elements { try write(&self, element) }
        endArray()
    }

    /// The key of the value that is written next.
    package mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// null.
    package mutating func null() { literal("null") }
    /// true or false.
    package mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }
    /// A whole number.
    package mutating func integer(_ value: some FixedWidthInteger) { literal(value.description) }

    /// A number in the shortest form that reads back as the same Double; never an infinity or NaN.
    package mutating func number(_ value: Double) {
        precondition(value.isFinite, "a number that JSON cannot write")
        literal(value.description)
    }

    /// A number in the shortest form that reads back as the same Float16; never an infinity or NaN.
    package mutating func number(_ value: Float16) {
        precondition(value.isFinite, "a number that JSON cannot write")
        literal(value.description)
    }

    /// A string, with what JSON does not take as it is escaped.
    package mutating func string(_ text: String) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes += #"\n"#.utf8
            case 0x0D: bytes += #"\r"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0..<0x20, 0x7F:
                bytes += #"\u00"#.utf8
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A value as it was read.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .boolean(let value): boolean(value)
        case .number(let text): literal(text)
        case .string(let text): string(text)
        case .array(let elements): array(elements) { $0.value($1) }
        case .object(let members):
            object { writer in
                for member in members.members {
                    writer.key(member.key)
                    writer.value(member.value)
                }
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// What comes before every value.
    mutating func beginValue() { comma() }

    /// What comes after every value.
    mutating func endValue() { needsComma = true }

    private mutating func literal(_ text: String) {
        comma()
        bytes += text.utf8
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
