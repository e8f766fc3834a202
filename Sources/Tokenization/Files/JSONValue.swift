/// A JSON value that keeps what Foundation's readers lose: the order of members, members whose names are equal, or
/// equal only canonically ("é" in its two spellings, which are two tokens), and numbers as they were written.
enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// The number's own text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A name with its value.
    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONValue
    }

    /// What the value is, for messages: its kind, and its text where that is short.
    var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let text): text
        case .string(let text): text.utf8.count <= 40 ? "\"\(text)\"" : "a long string"
        case .array(let elements): "an array of \(elements.count)"
        case .object: "an object"
        }
    }
}
