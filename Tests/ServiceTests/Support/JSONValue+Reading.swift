import JSON

extension JSONValue {
    /// The value of an object's key.
    subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// An array's elements; none of anything else.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// An array's numbers.
    var numbers: [Double] { elements.compactMap(\.double) }

    /// An array's arrays of numbers.
    var rows: [[Double]] { elements.map(\.numbers) }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
