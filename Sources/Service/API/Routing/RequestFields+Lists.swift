import JSON

extension RequestFields {
    /// An object that need not be there.
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

    /// Texts, of which a single one may stand without its list; nil when there are none said.
    func strings(_ key: String) throws -> [String]? {
        if case .string(let text)? = try option(key) { return [text] }
        return try list(key, of: "texts") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// A text, or a list of texts, which must be there.
    func textOrTexts(_ key: String) throws -> (texts: [String], isBatch: Bool) {
        if case .array? = members[key] { return (try texts(key), true) }
        return ([try text(key)], false)
    }

    /// Strings that stand for cases of `Choice`, in any letter case; an empty list is as good as none.
    func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type
    ) throws -> [Choice]? where Choice.RawValue == String {
        guard let value = try option(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong("`\(key)`", "a list of texts", value) }
        guard !elements.isEmpty else { return nil }
        return try elements.enumerated().map { try choice($1, at: "`\(key)[\($0)]`") }
    }

    /// The case of `Choice` that a string stands for.
    /// - Parameters:
    ///   - place: where it stands, for messages.
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
            throw ServiceError.invalid("\(place()) must be one of \(known()). Given: \"\(text.prefix(60))\"")
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
        return try elements.enumerated().map { index, element in
            guard let converted = convert(element) else {
                throw wrong("`\(key)[\(index)]`", "one of \(expected)", element)
            }
            return converted
        }
    }

    /// A value that must be there.
    func required<Value>(_ key: String, _ value: Value?) throws(ServiceError) -> Value {
        guard let value else { throw .invalid("`\(key)` is missing") }
        return value
    }
}
