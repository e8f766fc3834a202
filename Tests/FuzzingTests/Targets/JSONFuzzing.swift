import JSON

/// JSON: a value that was read can be written, and reading it again gives the same value.
enum JSONFuzzing {
    static func run(_ input: [UInt8]) {
        guard let value = try? JSONParser.parse(input) else { return }
        var writer = JSONWriter()
        guard write(value, to: &writer) else { return }
        do {
            let again = try JSONParser.parse(writer.bytes)
            precondition(isSame(value, again), "another document")
        } catch {
            preconditionFailure("our own document is refused: \(error)")
        }
    }

    /// Writes a value. Returns false for a number that no double can represent.
    private static func write(_ value: JSONValue, to writer: inout JSONWriter) -> Bool {
        var isWhole = true
        switch value {
        case .null: writer.null()
        case .boolean(let value): writer.boolean(value)
        case .number: isWhole = value.double.map { writer.number($0) } != nil
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.array(elements) { writer, element in isWhole = write(element, to: &writer) && isWhole }
        case .object(let object):
            writer.object { writer in
                for member in object.members {
                    writer.key(member.key)
                    isWhole = write(member.value, to: &writer) && isWhole
                }
            }
        }
        return isWhole
    }

    /// Whether two values are equal. Numbers are compared by value and strings by their bytes.
    private static func isSame(_ one: JSONValue, _ other: JSONValue) -> Bool {
        switch (one, other) {
        case (.number, .number): one.double == other.double
        case (.string(let one), .string(let other)): one.utf8.elementsEqual(other.utf8)
        case (.array(let one), .array(let other)): one.count == other.count && zip(one, other).allSatisfy(isSame)
        case (.object(let one), .object(let other)):
            one.count == other.count
                && zip(one.members, other.members).allSatisfy {
                    $0.key.utf8.elementsEqual($1.key.utf8) && isSame($0.value, $1.value)
                }
        default: one == other
        }
    }
}
