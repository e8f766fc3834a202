import Encoder
import JSON
import Tokenization

/// A request's JSON object with typed access. A value of the wrong kind is an error that names the key, what was
/// expected and what was found; null counts as absent; keys that no route knows are ignored, as clients of other
/// servers send some.
struct RequestFields {
    private let members: JSONObject

    init(_ body: [UInt8]) throws {
        guard case .object(let members) = try JSONParser.parse(body) else {
            throw ServiceError.invalid("the body must be a JSON object, such as {\"inputs\": \"some text\"}")
        }
        self.members = members
    }

    func boolean(_ key: String) throws -> Bool? {
        try optional(key, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
    }

    func integer(_ key: String) throws -> Int? {
        try optional(key, "an integer") { $0.integer }
    }

    /// A string that stands for a case of `Choice`, in any letter case.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return try optional(key, "one of \(known)") {
            if case .string(let text) = $0 { Choice(rawValue: text.lowercased()) } else { nil }
        }
    }

    /// `inputs` of the routes that run the model.
    ///
    /// A string, a list of strings, one list of ids or a list of such lists; where `pairs` are taken, also lists of
    /// one or two strings.
    func inputs(pairs: Bool = false) throws -> [TextInput] {
        guard let value = members["inputs"], value != .null else {
            throw ServiceError.invalid("`inputs` is missing; give a text, a list of texts, or lists of token ids")
        }
        switch value {
        case .string(let text):
            return [.text(text)]
        case .array(let elements):
            if case .number = elements.first { return [.ids(try ids(elements, at: "`inputs`"))] }
            return try elements.enumerated().map { try input($1, at: "`inputs[\($0)]`", pairs: pairs) }
        default:
            throw wrong("`inputs`", "a text, a list of texts, or lists of token ids", value)
        }
    }

    /// Joins `text_pair` to the texts: one pair for each text.
    func joiningTextPair(to inputs: [TextInput]) throws -> [TextInput] {
        guard let value = members["text_pair"], value != .null else { return inputs }
        let pairs: [String]
        switch value {
        case .string(let text): pairs = [text]
        case .array(let elements):
            pairs = try elements.enumerated().map { index, element in
                guard case .string(let text) = element else { throw wrong("`text_pair[\(index)]`", "a text", element) }
                return text
            }
        default: throw wrong("`text_pair`", "a text or a list of texts", value)
        }
        guard pairs.count == inputs.count else {
            throw ServiceError.invalid(
                "`text_pair` must have one text for each of `inputs`. Given: \(pairs.count) for \(inputs.count)"
            )
        }
        return try zip(inputs, pairs).map { input, pair in
            guard case .text(let text) = input else {
                throw ServiceError.invalid("`text_pair` goes with texts in `inputs`, not with token ids")
            }
            return .pair(text, pair)
        }
    }

    /// `ids` of `/decode`: one list or a list of lists.
    func idLists() throws -> [[Int32]] {
        guard let value = members["ids"] ?? members["inputs"], value != .null else {
            throw ServiceError.invalid("`ids` is missing; give a list of token ids or a list of such lists")
        }
        guard case .array(let elements) = value else { throw wrong("`ids`", "a list of token ids", value) }
        if case .array = elements.first {
            return try elements.enumerated().map { index, element in
                guard case .array(let list) = element else {
                    throw wrong("`ids[\(index)]`", "a list of token ids", element)
                }
                return try ids(list, at: "`ids[\(index)]`")
            }
        }
        return [try ids(elements, at: "`ids`")]
    }

    /// `truncate`, `truncation_direction` and `max_length`.
    func inputOptions() throws -> InputOptions {
        InputOptions(
            truncate: try boolean("truncate"),
            truncationDirection: try choice("truncation_direction", TruncationDirection.self) ?? .right,
            maxLength: try integer("max_length")
        )
    }

    private func input(_ value: JSONValue, at place: String, pairs: Bool) throws -> TextInput {
        switch value {
        case .string(let text):
            return .text(text)
        case .array(let elements):
            if pairs, case .string(let text) = elements.first {
                if elements.count == 1 { return .text(text) }
                if elements.count == 2, case .string(let pair) = elements[1] { return .pair(text, pair) }
            }
            return .ids(try ids(elements, at: place))
        default:
            throw wrong(place, "a text or a list of token ids", value)
        }
    }

    private func ids(_ elements: [JSONValue], at place: String) throws -> [Int32] {
        try elements.map { element in
            guard let id = element.integer, let id = Int32(exactly: id) else {
                throw wrong(place, "token ids", element)
            }
            return id
        }
    }

    private func optional<Value>(
        _ key: String,
        _ expected: String,
        _ convert: (JSONValue) -> Value?
    ) throws -> Value? {
        guard let value = members[key], value != .null else { return nil }
        guard let converted = convert(value) else { throw wrong("`\(key)`", expected, value) }
        return converted
    }

    private func wrong(_ place: String, _ expected: String, _ value: JSONValue) -> ServiceError {
        let found = if case .number(let text) = value { text } else { value.kind }
        return .invalid("\(place) must be \(expected). Given: \(found)")
    }
}
