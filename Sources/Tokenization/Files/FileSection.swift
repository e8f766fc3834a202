import JSON

/// A JSON object in a file, whose getters throw errors that name the file and the key.
struct FileSection: Sendable {
    /// The file.
    let path: String
    /// Where in the file the object is: "" for the file's own, else "model" or the like.
    let key: String
    /// Its members.
    let object: JSONObject

    init(_ value: JSONValue, path: String, key: String) throws(TokenizerError) {
        guard case .object(let object) = value else {
            throw .invalidValue(
                path: path,
                key: key.isEmpty ? "(the file)" : key,
                found: value.summary,
                expected: "an object"
            )
        }
        self.path = path
        self.key = key
        self.object = object
    }

    /// A member's name in full, for errors.
    func fullKey(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    /// A member's value; nil when there is none or it is null.
    func optional(_ name: String) -> JSONValue? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    func required(_ name: String, expected: String) throws(TokenizerError) -> JSONValue {
        guard let value = object[name] else { throw .missingKey(path: path, key: fullKey(name), expected: expected) }
        return value
    }

    func invalid(_ name: String, _ value: JSONValue, expected: String) -> TokenizerError {
        .invalidValue(path: path, key: fullKey(name), found: value.summary, expected: expected)
    }

    func boolean(_ name: String) throws(TokenizerError) -> Bool {
        let value = try required(name, expected: "true or false")
        guard case .boolean(let boolean) = value else { throw invalid(name, value, expected: "true or false") }
        return boolean
    }

    func optionalBoolean(_ name: String) throws(TokenizerError) -> Bool? {
        optional(name) == nil ? nil : try boolean(name)
    }

    func string(_ name: String) throws(TokenizerError) -> String {
        let value = try required(name, expected: "a string")
        guard case .string(let string) = value else { throw invalid(name, value, expected: "a string") }
        return string
    }

    func optionalString(_ name: String) throws(TokenizerError) -> String? {
        optional(name) == nil ? nil : try string(name)
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        let value = try required(name, expected: expected)
        guard case .number(let text) = value, let integer = Int(text), range.contains(integer) else {
            throw invalid(name, value, expected: expected)
        }
        return integer
    }

    func object(_ name: String) throws(TokenizerError) -> FileSection {
        try FileSection(try required(name, expected: "an object"), path: path, key: fullKey(name))
    }

    func optionalObject(_ name: String) throws(TokenizerError) -> FileSection? {
        optional(name) == nil ? nil : try object(name)
    }

    func array(_ name: String) throws(TokenizerError) -> [JSONValue] {
        let value = try required(name, expected: "an array")
        guard case .array(let elements) = value else { throw invalid(name, value, expected: "an array") }
        return elements
    }

    /// The elements of an array that must be objects.
    func objects(_ name: String) throws(TokenizerError) -> [FileSection] {
        var objects: [FileSection] = []
        for (index, element) in try array(name).enumerated() {
            objects.append(try FileSection(element, path: path, key: "\(fullKey(name))[\(index)]"))
        }
        return objects
    }

    /// Throws unless the member `type` is one of those given.
    func requireType(_ supported: String...) throws(TokenizerError) {
        let type = try string("type")
        guard supported.contains(type) else {
            throw .unsupported(
                path: path,
                key: fullKey("type"),
                found: type,
                supported: supported.joined(separator: ", ")
            )
        }
    }
}

extension JSONValue {
    /// What the value is, for messages: its text where that is short, else its kind.
    fileprivate var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let text) where text.utf8.count <= 40: text
        case .string(let text) where text.utf8.count <= 40: "\"\(text)\""
        case .number, .string, .array, .object: kind
        }
    }
}
