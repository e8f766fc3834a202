package import JSON

/// A JSON object in a file of a model's folder, read key by key with the type and range that the caller expects: a
/// whole `config.json`, or a section of a `tokenizer.json`.
///
/// A getter without a default requires its key. A key that is there always counts: a value of the wrong type or out of
/// range is an error even where a default exists, so that nothing that a file says is silently ignored. Errors name the
/// file, and the key with all sections that it lies in.
package struct JSONSection: Sendable {
    /// Bytes of a file that is read as one. The largest indexes of the Hub, with tens of thousands of tensors, take a
    /// few megabytes.
    package static let maximumBytes = 16 << 20

    /// The file's path.
    package let path: String
    /// Where in the file the object is: empty for the file's own, else `model`, `[0]` or the like.
    package let key: String
    /// The object's members.
    package let members: JSONObject

    /// Reads the file at `path`.
    ///
    /// - Throws: ``ModelError`` when it cannot be read, or is not one JSON object as Python's `json` reads it.
    package init(path: String) throws(ModelError) {
        try self.init(bytes: OpenFile.contents(of: path, limit: Self.maximumBytes), path: path)
    }

    /// Reads `bytes` as if they were the file at `path`.
    package init(bytes: [UInt8], path: String) throws(ModelError) {
        try self.init(JSONValue(parsing: bytes, file: path), path: path, key: "")
    }

    /// The object that `value` is, at the place `key` of the file at `path`.
    package init(_ value: JSONValue, path: String, key: String) throws(ModelError) {
        guard case .object(let members) = value else {
            let (found, expected) = (value.summary, "an object")
            guard !key.isEmpty else {
                throw .malformed(file: path, place: "document", found: found, expected: expected)
            }
            throw .wrongValue(file: path, key: key, found: found, expected: expected)
        }
        self.path = path
        self.key = key
        self.members = members
    }

    /// The objects of a file that is an array of them, whose contents are `bytes`.
    package static func list(bytes: [UInt8], path: String) throws(ModelError) -> [JSONSection] {
        let document = try JSONValue(parsing: bytes, file: path)
        guard case .array(let elements) = document else {
            throw .malformed(file: path, place: "document", found: document.summary, expected: "an array of objects")
        }
        return try elements.enumerated().map { (index, element) throws(ModelError) in
            try JSONSection(element, path: path, key: "[\(index)]")
        }
    }

    // MARK: Errors

    /// A member's key in full.
    package func fullKey(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    /// The error for a member that has a value other than `expected`.
    package func wrong(_ name: String, _ value: JSONValue, expected: String) -> ModelError {
        .wrongValue(file: path, key: fullKey(name), found: value.summary, expected: expected)
    }

    // MARK: Whether a key is there

    /// Whether `key` is there with a value other than null.
    package func contains(_ key: String) -> Bool { optional(key) != nil }

    /// A member's value; nil when it is absent or null.
    package func optional(_ key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    // MARK: Values

    /// A whole number in `range`. `12.0` is one, as Python would compute with it; `true` and `"12"` are not.
    package func integer(
        _ key: String,
        default fallback: Int? = nil,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        return try value(key, fallback, expected) { $0.integer.flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A finite number in `range`.
    package func number(
        _ key: String,
        default fallback: Double? = nil,
        in range: ClosedRange<Double>
    ) throws(ModelError) -> Double {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        return try value(key, fallback, expected) { $0.double.flatMap { range.contains($0) ? $0 : nil } }
    }

    /// `true` or `false`; `0` and `1` are neither.
    package func boolean(_ key: String, default fallback: Bool? = nil) throws(ModelError) -> Bool {
        try value(key, fallback, "true or false") { if case .boolean(let boolean) = $0 { boolean } else { nil } }
    }

    /// As ``boolean(_:default:)``; nil when it is absent or null.
    package func optionalBoolean(_ key: String) throws(ModelError) -> Bool? {
        contains(key) ? try boolean(key) : nil
    }

    /// A string.
    package func string(_ key: String, default fallback: String? = nil) throws(ModelError) -> String {
        try value(key, fallback, "a string") { if case .string(let string) = $0 { string } else { nil } }
    }

    /// As ``string(_:default:)``; nil when it is absent or null.
    package func optionalString(_ key: String) throws(ModelError) -> String? {
        contains(key) ? try string(key) : nil
    }

    private func value<Value>(
        _ key: String,
        _ fallback: Value?,
        _ expected: String,
        _ read: (JSONValue) -> Value?
    ) throws(ModelError) -> Value {
        guard let value = members[key] else {
            guard let fallback else { throw .missingKey(file: path, key: fullKey(key), expected: expected) }
            return fallback
        }
        guard let result = read(value) else { throw wrong(key, value, expected: expected) }
        return result
    }

    // MARK: Lists and sections

    /// An array.
    package func array(_ key: String) throws(ModelError) -> [JSONValue] {
        try value(key, nil, "an array") { if case .array(let elements) = $0 { elements } else { nil } }
    }

    /// An array of strings such as `architectures`; nil when absent or null.
    package func strings(_ key: String) throws(ModelError) -> [String]? {
        guard let value = optional(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong(key, value, expected: "an array of strings") }
        return try elements.enumerated().map { (index, element) throws(ModelError) in
            guard case .string(let string) = element else {
                throw wrong("\(key)[\(index)]", element, expected: "a string")
            }
            return string
        }
    }

    /// A string, or an array of strings, such as sentence-transformers' `pooling_mode`; nil when absent or null.
    package func oneOrMoreStrings(_ key: String) throws(ModelError) -> [String]? {
        if case .string(let string) = members[key] { [string] } else { try strings(key) }
    }

    /// An object whose values are strings, such as `id2label`; nil when absent or null.
    package func stringMap(_ key: String) throws(ModelError) -> [ExactText: String]? {
        guard let value = optional(key) else { return nil }
        guard case .object(let entries) = value else { throw wrong(key, value, expected: "an object of strings") }
        var map: [ExactText: String] = [:]
        for entry in entries.members {
            guard case .string(let string) = entry.value else {
                throw wrong("\(key).\(entry.key)", entry.value, expected: "a string")
            }
            map[ExactText(entry.key)] = string
        }
        return map
    }

    /// An object.
    package func object(_ key: String) throws(ModelError) -> JSONSection {
        let value = try value(key, nil, "an object") { $0 }
        return try JSONSection(value, path: path, key: fullKey(key))
    }

    /// As ``object(_:)``; nil when it is absent or null.
    package func optionalObject(_ key: String) throws(ModelError) -> JSONSection? {
        contains(key) ? try object(key) : nil
    }

    /// The elements of an array that must be objects.
    package func objects(_ key: String) throws(ModelError) -> [JSONSection] {
        try array(key).enumerated().map { (index, element) throws(ModelError) in
            try JSONSection(element, path: path, key: "\(fullKey(key))[\(index)]")
        }
    }
}

extension JSONValue {
    /// The document that `bytes`, the contents of the file at path `file`, are.
    package init(parsing bytes: [UInt8], file: String, dialect: JSONDialect = .python) throws(ModelError) {
        do {
            self = try JSONParser.parse(bytes, dialect: dialect)
        } catch {
            throw .malformed(
                file: file,
                place: "line \(error.line), column \(error.column)",
                found: error.found,
                expected: error.expected
            )
        }
    }

    /// The value for an error message; arrays and objects by their kind and count alone.
    package var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text.beginning(quotedCharacters)
        case .string(let text): quoted(text)
        case .array(let elements): "an array of \(elements.count)"
        case .object(let object): "an object of \(object.count)"
        }
    }
}

/// Characters of a file's value that are quoted in an error message, which may end in a log.
private let quotedCharacters = 80

/// `text`, from a file, for an error message: in quotation marks, bounded in length, and with nothing in it that could
/// end the quotation or steer a terminal.
package func quoted(_ text: String) -> String {
    var result = "\""
    var scalars = text.unicodeScalars.makeIterator()
    for _ in 0..<quotedCharacters {
        guard let scalar = scalars.next() else { return result + "\"" }
        result += needsEscape(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return scalars.next() == nil ? result + "\"" : result + "…\""
}

private func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // Format characters include those that turn the direction of text.
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: scalar == "\"" || scalar == "\\"
    }
}

/// The first of some names, quoted, for a message; what further names there are is only hinted at.
package func quoted(_ names: [String], atMost count: Int = 5) -> String {
    names.prefix(count).map { quoted($0) }.joined(separator: ", ") + (names.count > count ? ", …" : "")
}
