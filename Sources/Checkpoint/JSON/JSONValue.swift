/// A JSON document as it was written: numbers keep their text, so that nothing is rounded before its use is known.
enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The number as an integer, also when written `1.0` or `1e3`; nil for any other value, or out of `Int`'s range.
    var integer: Int? {
        guard case .number(let text) = self else { return nil }
        if let exact = Int(text) { return exact }
        // Above 2^53 a double no longer says which integer was meant.
        guard let double = Double(text), double.magnitude <= 0x1p53 else { return nil }
        return Int(exactly: double)
    }

    /// The number as the nearest finite double.
    var double: Double? {
        guard case .number(let text) = self, let double = Double(text), double.isFinite else { return nil }
        return double
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value for an error message; containers by their kind and count alone.
    var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text):
            text.utf8.count <= CheckpointLimits.quotedCharacters
                ? text : "\(text.prefix(CheckpointLimits.quotedCharacters))…"
        case .string(let text): quoted(text)
        case .array(let elements): "an array of \(elements.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}
