package import JSON

extension JSONValue {
    /// The value of an object's key.
    package subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// An array's elements; none of anything else.
    package var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// An array's numbers.
    package var numbers: [Double] { elements.compactMap(\.double) }

    /// An array's arrays of numbers.
    package var rows: [[Double]] { elements.map(\.numbers) }

    /// A string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
