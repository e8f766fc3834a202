/// A JSON document as it was written: numbers keep their text, so that nothing is rounded before its use is known.
package enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The number as an integer, also when written `1.0` or `1e3`; nil for any other value, or out of `Int`'s range.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        if let exact = Int(text) { return exact }
        // Above 2^53 a double no longer says which integer was meant.
        guard let double = Double(text), double.magnitude <= 0x1p53 else { return nil }
        return Int(exactly: double)
    }

    /// The number as the nearest finite double.
    package var double: Double? {
        guard case .number(let text) = self, let double = Double(text), double.isFinite else { return nil }
        return double
    }

    /// The value's kind with its article, for messages: "a string".
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
