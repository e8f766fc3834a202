/// A JSON value as it was written. A number keeps its text, so that it is not rounded before its use is known. In
/// Python's dialect the text may be `NaN`, `Infinity` or `-Infinity`, which are no ``integer`` and no ``double``.
package enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Whether two values are the same. Numbers are compared as they were written, and texts as ``ExactText``.
    package static func == (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a.equals(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }

    /// The number as an integer, also if it is written `1.0` or `1e3`; nil for any other value, or one that no `Int`
    /// holds.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        if let exact = Int(text) { return exact }
        // Above 2^53 a double does not tell which integer was meant.
        guard let double = Double(text), double.magnitude <= 0x1p53 else { return nil }
        return Int(exactly: double)
    }

    /// The number as the nearest finite double; nil for any other value, or if it is too large.
    package var double: Double? {
        guard case .number(let text) = self, let double = Double(text), double.isFinite else { return nil }
        return double
    }

    /// Whether Python takes the value for true, as it does any number but 0 and any text or list that is not empty.
    package var isTrueInPython: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .number(let text): Double(text) != 0
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let object): object.count > 0
        }
    }

    /// The kind of the value with its article, for messages: "a string".
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

/// The members of a JSON object, in the order in which they were written.
///
/// Keys are compared as ``ExactText``: the two encodings of "é" are two keys.
package struct JSONObject: Sendable, Equatable {
    /// A key with its value.
    package struct Member: Sendable, Equatable {
        /// The key.
        package let key: String
        /// The value.
        package let value: JSONValue

        /// Whether both have the same key and the same value.
        package static func == (a: Self, b: Self) -> Bool { a.key.equals(b.key) && a.value == b.value }
    }

    /// The members, in the order in which they were written.
    package private(set) var members: [Member] = []
    private var places: [ExactText: Int] = [:]

    /// An object without members.
    package init() {}

    /// The number of members.
    package var count: Int { members.count }

    /// The value of a key; nil if there is no such key.
    package subscript(_ key: String) -> JSONValue? {
        places[ExactText(key)].map { members[$0].value }
    }

    /// Adds a member.
    ///
    /// - Returns: Whether the key was new. If it was not, nothing is added.
    package mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        let place = places.updateValue(members.count, forKey: ExactText(key))
        if let place {
            places[ExactText(key)] = place
            return false
        }
        members.append(Member(key: key, value: value))
        return true
    }

    /// Gives a member another value; its place stays.
    ///
    /// - Precondition: There is a member of that key.
    package mutating func replace(_ key: String, _ value: JSONValue) {
        guard let place = places[ExactText(key)] else { preconditionFailure("no member \(key)") }
        members[place] = Member(key: key, value: value)
    }

    /// Whether two objects have the same members in the same order.
    package static func == (a: Self, b: Self) -> Bool { a.members == b.members }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object from a literal.
    ///
    /// - Precondition: No key comes twice.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements {
            let isNew = append(key, value)
            precondition(isNew, "\(key) twice")
        }
    }
}
