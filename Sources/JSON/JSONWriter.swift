/// Writes a JSON document as UTF-8 bytes, piece by piece, and puts the commas in their places.
package struct JSONWriter {
    /// The bytes that have been written and not taken.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    /// Called now and then between the elements of arrays; its error ends the writing.
    private let check: (() throws -> Void)?
    /// The number of bytes at which `check` is called next.
    private var checkedCount = Self.bytesBetweenChecks
    /// The error of `check`. From then on arrays are cut short, so the bytes are no document.
    private var interruption: (any Error)?

    /// The bytes between two checks: a fraction of a millisecond's work.
    private static let bytesBetweenChecks = 64 * 1024

    /// A writer that can take this many bytes before it needs more memory.
    ///
    /// - Parameter check: Called at least every millisecond while arrays are written; ``finish()`` throws its error.
    package init(reservingBytes capacity: Int = 256, checking check: (() throws -> Void)? = nil) {
        self.check = check
        bytes.reserveCapacity(capacity)
    }

    /// The bytes of the whole document.
    ///
    /// - Throws: what the check threw that the writer was made with.
    package func finish() throws -> [UInt8] {
        if let interruption { throw interruption }
        return bytes
    }

    /// Whether to go on writing an array.
    private mutating func goesOn() -> Bool {
        guard bytes.count >= checkedCount, let check else { return interruption == nil }
        checkedCount = bytes.count + Self.bytesBetweenChecks
        do { try check() } catch { interruption = error }
        return interruption == nil
    }

    /// Reserves memory for this many more bytes.
    package mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(bytes.count + count)
    }

    /// Takes the bytes written so far. The writer goes on after them.
    package mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Opens an object: keys with their values follow.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the object that was opened last.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array: values follow.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the array that was opened last.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes an object. The closure writes its members.
    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        try members(&self)
        endObject()
    }

    /// Writes an array with a value for each element.
    package mutating func array<Elements: Sequence>(
        _ elements: Elements,
        _ write: (inout JSONWriter, Elements.Element) throws -> Void
    ) rethrows {
        beginArray()
        for element in elements where goesOn() { try write(&self, element) }
        endArray()
    }

    /// Writes the key of the value that is written next.
    package mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a key that needs no escape sequences, of an object that is written many times.
    package mutating func key(plain key: StaticString) {
        precondition(key.isASCII, "a key that is not written as ASCII")
        comma()
        bytes.append(UInt8(ascii: "\""))
        // Safe, as a literal that is ASCII has its bytes at this address.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes null.
    package mutating func null() { literal("null") }
    /// Writes true or false.
    package mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }
    /// Writes an integer.
    package mutating func integer(_ value: Int) {
        comma()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var (first, rest) = (20, value.magnitude)
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(digits.span.extracting(first...))
        needsComma = true
    }

    /// Writes an integer, such as a token id.
    package mutating func integer(_ value: Int32) { integer(Int(value)) }

    /// Writes a number in the shortest form that reads back as the same Double. It must be finite.
    package mutating func number(_ value: Double) {
        precondition(value.isFinite, "a number that JSON cannot write")
        literal(value.description)
    }

    /// Writes a number in the shortest form that reads back as the same Float16. It must be finite.
    package mutating func number(_ value: Float16) {
        precondition(value.isFinite, "a number that JSON cannot write")
        literal(value.description)
    }

    /// Writes a string, with escape sequences where JSON requires them.
    package mutating func string(_ text: String) {
        let utf8 = text.utf8Span.span
        let needsComma = needsComma
        var plain = 0
        // Most strings are plain, and are appended as a whole.
        bytes.append(addingCapacity: utf8.count + 3) { output in
            if needsComma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            while plain < utf8.count, !Self.needsEscape(utf8[plain]) {
                output.append(utf8[plain])
                plain += 1
            }
            if plain == utf8.count { output.append(UInt8(ascii: "\"")) }
        }
        if plain < utf8.count {
            for index in plain..<utf8.count { appendEscaped(utf8[index]) }
            bytes.append(UInt8(ascii: "\""))
        }
        self.needsComma = true
    }

    /// Whether a byte of a string cannot be written as it is.
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    private mutating func append(_ utf8: Span<UInt8>) {
        bytes.append(addingCapacity: utf8.count) { output in
            for index in utf8.indices { output.append(utf8[index]) }
        }
    }

    private mutating func appendEscaped(_ byte: UInt8) {
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

    /// Writes a value as it was read.
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

    private mutating func literal(_ text: String) {
        comma()
        append(text.utf8Span.span)
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

extension JSONWriter {
    /// The bytes of the longest float and a comma. A writer that has reserved this many for each float copies nothing
    /// while it writes them.
    package static let maxFloatBytes = DecimalFloat.maxBytes + 1

    /// Writes a number in the shortest form that reads back as the same Float. It must be finite: JSON has no infinity
    /// and no NaN, and the engine throws an error instead of giving them.
    package mutating func number(_ value: Float) {
        comma()
        appendFloats([value].span)
        needsComma = true
    }

    /// Writes an array of numbers.
    package mutating func numbers(_ values: [Float]) {
        numbers(values.span)
    }

    /// Writes an array of numbers.
    package mutating func numbers(_ values: ArraySlice<Float>) {
        numbers(values.span)
    }

    /// Writes an array of numbers.
    package mutating func numbers(_ values: Span<Float>) {
        beginArray()
        appendFloats(values)
        endArray()
    }

    /// Writes floats with commas between them. It appends as many bytes as they can need, and then removes the rest.
    private mutating func appendFloats(_ values: Span<Float>) {
        let start = bytes.count
        let capacity = values.count * Self.maxFloatBytes
        bytes.append(addingCapacity: capacity) { $0.append(repeating: 0, count: capacity) }
        var end = start
        var span = bytes.mutableSpan
        // Safe, as any eight bits are a UInt8.
        var text = unsafe span.mutableBytes
        for index in values.indices {
            if index > 0 {
                text.storeBytes(of: UInt8(ascii: ","), toByteOffset: end, as: UInt8.self)
                end += 1
            }
            end = DecimalFloat.write(values[index], to: &text, at: end)
        }
        bytes.removeLast(bytes.count - end)
    }
}
