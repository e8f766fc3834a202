import Budget
import Encoder
import Inference
import JSON
import Tokenization

/// A request's JSON object with typed access. A value of the wrong kind causes an error that names the key, the
/// expected kind and the found one. Null counts as absent. Unknown keys are ignored, because clients of other servers
/// send some. An option may also stand in the object `parameters`, where clients of the Hub put options.
struct RequestFields: Sendable {
    let members: JSONObject

    init(_ body: [UInt8]) throws {
        var taken = 0
        let document = try JSONParser.parse(body) { progress in
            try RequestOptions.check()
            let bytes = RequestMemory.bytes(of: progress)
            try RequestMemory.take(bytes - taken, for: .parsed)
            taken = bytes
        }
        guard case .object(let members) = document else {
            throw ServiceError.invalid("the body must be a JSON object, such as {\"inputs\": \"some text\"}")
        }
        self.members = members
    }

    init(members: JSONObject) {
        self.members = members
    }

    func boolean(_ key: String) throws -> Bool? {
        try optional(key, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
    }

    func integer(_ key: String) throws -> Int? {
        try optional(key, "an integer") { $0.integer }
    }

    func string(_ key: String) throws -> String? {
        try optional(key, "a text") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// A required list of at least one text.
    func texts(_ key: String) throws -> [String] {
        let value = try required(key, "a list of texts")
        guard case .array(let elements) = value else { throw wrong("`\(key)`", "a list of texts", value) }
        guard !elements.isEmpty else { throw ServiceError.empty(key) }
        return try elements.mapChecking { index, element in
            guard case .string(let text) = element else { throw wrong("`\(key)[\(index)]`", "a text", element) }
            return text
        }
    }

    /// A required text.
    func text(_ key: String) throws -> String {
        let value = try required(key, "a text")
        guard case .string(let text) = value else { throw wrong("`\(key)`", "a text", value) }
        return text
    }

    /// The fields of a required object.
    func object(_ key: String, _ expected: String) throws -> RequestFields {
        let value = try required(key, expected)
        guard case .object(let members) = value else { throw wrong("`\(key)`", expected, value) }
        return RequestFields(members: members)
    }

    /// A string that stands for a case of `Choice`, in any letter case.
    /// - Parameter aliases: other names of cases.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type,
        aliases: [String: Choice] = [:]
    ) throws -> Choice? where Choice.RawValue == String {
        try option(key).map { try choice($0, at: "`\(key)`", aliases: aliases) }
    }

    /// `inputs` of the routes that run the model, or another interface's word for it.
    ///
    /// The value is a string, a list of strings, one list of ids, or a list of such lists. If `pairs` is true, elements
    /// may also be lists of one or two strings, or objects with `text` and `text_pair`; a single such object may stand
    /// without a list. If `textObjects` is true, an input may also be an object with `text`, as in Jina's interface.
    func inputs(_ key: String = "inputs", pairs: Bool = false, textObjects: Bool = false) throws -> [TextInput] {
        let expected = "a text, a list of texts, or lists of token ids"
        let value = try required(key, expected)
        switch value {
        case .string(let text):
            return [.text(text)]
        case .array(let elements):
            guard !elements.isEmpty else { throw ServiceError.empty(key) }
            if case .number = elements.first { return [.ids(try ids(elements, at: "`\(key)`"))] }
            return try elements.mapChecking { index, element in
                try input(element, at: "`\(key)[\(index)]`", pairs: pairs, textObjects: textObjects)
            }
        case .object where pairs || textObjects:
            return [try input(value, at: "`\(key)`", pairs: pairs, textObjects: textObjects)]
        default:
            throw wrong("`\(key)`", expected, value)
        }
    }

    /// Joins `text_pair` to the texts: one pair for each text.
    func joiningTextPair(to inputs: [TextInput]) throws -> [TextInput] {
        guard let value = members["text_pair"], value != .null else { return inputs }
        let pairs: [String]
        switch value {
        case .string(let text): pairs = [text]
        case .array(let elements):
            pairs = try elements.mapChecking { index, element in
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
            return try elements.mapChecking { index, element in
                guard case .array(let list) = element else {
                    throw wrong("`ids[\(index)]`", "a list of token ids", element)
                }
                return try ids(list, at: "`ids[\(index)]`")
            }
        }
        return [try ids(elements, at: "`ids`")]
    }

    /// `truncate`, `truncation_direction`, `max_length` and `prompt_name`.
    func inputOptions() throws -> InputOptions {
        InputOptions(
            truncate: try boolean("truncate"),
            truncationDirection: try choice("truncation_direction", TruncationDirection.self),
            maxLength: try integer("max_length"),
            promptName: try string("prompt_name")
        )
    }

    /// One of the inputs.
    /// - Parameter place: the place of the input, for error messages. It is computed only for a message, because a
    ///   body can have a million inputs.
    func input(
        _ value: JSONValue,
        at place: @autoclosure () -> String,
        pairs: Bool,
        textObjects: Bool = false
    ) throws -> TextInput {
        switch value {
        case .string(let text):
            return .text(text)
        case .array(let elements):
            if pairs, case .string(let text) = elements.first {
                if elements.count == 1 { return .text(text) }
                if elements.count == 2, case .string(let pair) = elements[1] { return .pair(text, pair) }
                let kinds = elements.prefix(3).map(\.kind).joined(separator: ", ")
                throw ServiceError.invalid("\(place()) must be one or two texts. Given: \(kinds)")
            }
            return .ids(try ids(elements, at: place()))
        case .object(let members) where pairs:
            let fields = RequestFields(members: members)
            let text = try fields.text("text")
            return try fields.string("text_pair").map { .pair(text, $0) } ?? .text(text)
        case .object(let members) where textObjects:
            guard case .string(let text)? = members["text"] else {
                throw wrong(place(), "a text, {\"text\": …} or a list of token ids", value)
            }
            return .text(text)
        default:
            throw wrong(place(), "a text or a list of token ids", value)
        }
    }

    private func ids(_ elements: [JSONValue], at place: @autoclosure () -> String) throws -> [Int32] {
        try elements.mapChecking { _, element in
            guard let id = element.integer, let id = Int32(exactly: id) else {
                throw wrong(place(), "token ids", element)
            }
            return id
        }
    }

    func optional<Value>(
        _ key: String,
        _ expected: String,
        _ convert: (JSONValue) -> Value?
    ) throws -> Value? {
        guard let value = try option(key) else { return nil }
        guard let converted = convert(value) else { throw wrong("`\(key)`", expected, value) }
        return converted
    }

    /// An option's value, from the object itself or its `parameters`; null counts as absent.
    func option(_ key: String) throws -> JSONValue? {
        if let value = members[key], value != .null { return value }
        guard let parameters = members["parameters"], parameters != .null else { return nil }
        guard case .object(let options) = parameters else { throw wrong("`parameters`", "an object", parameters) }
        return options[key].flatMap { $0 == .null ? nil : $0 }
    }

    private func required(_ key: String, _ expected: String) throws -> JSONValue {
        guard let value = members[key], value != .null else {
            throw ServiceError.invalid("`\(key)` is missing; give \(expected)")
        }
        return value
    }

    func wrong(_ place: String, _ expected: String, _ value: JSONValue) -> ServiceError {
        let found = if case .number(let text) = value { text } else { value.kind }
        return .invalid("\(place) must be \(expected). Given: \(found)")
    }
}

extension RequestFields {
    /// An optional object.
    func object(_ key: String) throws -> RequestFields? {
        try optional(key, "an object") {
            if case .object(let members) = $0 { RequestFields(members: members) } else { nil }
        }
    }

    func objects(_ key: String) throws -> [RequestFields]? {
        try list(key, of: "objects") {
            if case .object(let members) = $0 { RequestFields(members: members) } else { nil }
        }
    }

    func integers(_ key: String) throws -> [Int]? {
        try list(key, of: "integers") { $0.integer }
    }

    /// A list of texts; a single text may stand without its list. Nil when the key is absent.
    func strings(_ key: String) throws -> [String]? {
        if case .string(let text)? = try option(key) { return [text] }
        return try list(key, of: "texts") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// A required text or list of texts.
    func textOrTexts(_ key: String) throws -> (texts: [String], isBatch: Bool) {
        if case .array? = members[key] { return (try texts(key), true) }
        return ([try text(key)], false)
    }

    /// Strings that stand for cases of `Choice`, in any letter case. An empty list counts as absent.
    func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type
    ) throws -> [Choice]? where Choice.RawValue == String {
        guard let value = try option(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong("`\(key)`", "a list of texts", value) }
        guard !elements.isEmpty else { return nil }
        return try elements.mapChecking { try choice($1, at: "`\(key)[\($0)]`") }
    }

    /// The case of `Choice` that a string stands for.
    /// - Parameters:
    ///   - place: the place of the string, for error messages.
    ///   - aliases: other names of cases, in lower case.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue,
        at place: @autoclosure () -> String,
        aliases: [String: Choice] = [:]
    ) throws -> Choice where Choice.RawValue == String {
        let known = { Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
        guard case .string(let text) = value else { throw wrong(place(), "one of \(known())", value) }
        let name = text.lowercased()
        guard let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == name }) ?? aliases[name] else {
            throw ServiceError.invalid("\(place()) must be one of \(known()). Given: \"\(text.beginning(60))\"")
        }
        return choice
    }

    /// A list whose elements are all of one kind; nil when it is absent.
    func list<Element>(
        _ key: String,
        of expected: String,
        _ convert: (JSONValue) -> Element?
    ) throws -> [Element]? {
        guard let value = try option(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong("`\(key)`", "a list of \(expected)", value) }
        return try elements.mapChecking { index, element in
            guard let converted = convert(element) else {
                throw wrong("`\(key)[\(index)]`", "one of \(expected)", element)
            }
            return converted
        }
    }

    /// A required value.
    func required<Value>(_ key: String, _ value: Value?) throws(ServiceError) -> Value {
        guard let value else { throw .invalid("`\(key)` is missing") }
        return value
    }
}

extension RandomAccessCollection {
    /// The elements between two looks at the request's deadline: a fraction of a millisecond's work.
    private static var elementsBetweenChecks: Int { 1024 }

    /// Like `map`, with the index of each element, and ends when nobody waits for the request any more.
    /// - Throws: what `transform` throws, and what `RequestOptions.check` throws.
    func mapChecking<Value>(_ transform: (Int, Element) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for (index, element) in enumerated() {
            if index % Self.elementsBetweenChecks == Self.elementsBetweenChecks - 1 { try RequestOptions.check() }
            values.append(try transform(index, element))
        }
        return values
    }
}

extension RequestMemory {
    /// The memory of a JSON value in an array that has grown to twice its length.
    private static let bytesPerValue = 2 * MemoryLayout<JSONValue>.stride
    /// The memory beside the bytes of a long text: the header of its storage.
    private static let bytesPerText = 32

    /// The memory of what has been read of a document. It is taken while the document is read, a fraction of a
    /// millisecond behind.
    static func bytes(of progress: JSONProgress) -> Int {
        progress.bytes + progress.values * bytesPerValue + progress.strings * bytesPerText
    }

    /// Takes the memory of an answer in JSON before it is written.
    ///
    /// - Parameter copies: how many numbers stand for each of the vectors' components.
    static func takeJSON(ofNumbers vectors: [[Float]], copies: Int = 1) throws(MemoryShortage) {
        let numbers = vectors.count * (vectors.first?.count ?? 0) * copies
        try take(numbers * JSONWriter.maxFloatBytes, for: .answers)
    }
}
