import Foundation

/// A JSON object of a file, whose getters throw errors that name the file and the key.
struct JSONObject: Sendable {
    /// The file.
    let path: String
    /// Where in the file the object is: "" for the file's own, else "model" or the like.
    let key: String
    let members: [JSONValue.Member]

    init(_ value: JSONValue, path: String, key: String) throws(TokenizerError) {
        guard case .object(let members) = value else {
            throw .invalidValue(
                path: path,
                key: key.isEmpty ? "(the file)" : key,
                found: value.summary,
                expected: "an object"
            )
        }
        self.path = path
        self.key = key
        self.members = members
    }

    /// A member's name in full, for errors.
    func fullKey(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    /// A member's value; nil when there is none. More than one is an error: readers differ in which they take.
    func value(_ name: String) throws(TokenizerError) -> JSONValue? {
        let found = members.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard found.count <= 1 else {
            throw .invalidValue(
                path: path,
                key: fullKey(name),
                found: "there \(found.count) times",
                expected: "one value"
            )
        }
        return found.first?.value
    }

    /// A member's value; nil when there is none or it is null.
    func optional(_ name: String) throws(TokenizerError) -> JSONValue? {
        let value = try value(name)
        return value == .null ? nil : value
    }

    func required(_ name: String, expected: String) throws(TokenizerError) -> JSONValue {
        guard let value = try value(name) else { throw .missingKey(path: path, key: fullKey(name), expected: expected) }
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
        try optional(name) == nil ? nil : try boolean(name)
    }

    func string(_ name: String) throws(TokenizerError) -> String {
        let value = try required(name, expected: "a string")
        guard case .string(let string) = value else { throw invalid(name, value, expected: "a string") }
        return string
    }

    func optionalString(_ name: String) throws(TokenizerError) -> String? {
        try optional(name) == nil ? nil : try string(name)
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        let value = try required(name, expected: expected)
        guard case .number(let text) = value, let integer = Int(text), range.contains(integer) else {
            throw invalid(name, value, expected: expected)
        }
        return integer
    }

    func object(_ name: String) throws(TokenizerError) -> JSONObject {
        try JSONObject(try required(name, expected: "an object"), path: path, key: fullKey(name))
    }

    func optionalObject(_ name: String) throws(TokenizerError) -> JSONObject? {
        try optional(name) == nil ? nil : try object(name)
    }

    func array(_ name: String) throws(TokenizerError) -> [JSONValue] {
        let value = try required(name, expected: "an array")
        guard case .array(let elements) = value else { throw invalid(name, value, expected: "an array") }
        return elements
    }

    /// The elements of an array that must be objects.
    func objects(_ name: String) throws(TokenizerError) -> [JSONObject] {
        var objects: [JSONObject] = []
        for (index, element) in try array(name).enumerated() {
            objects.append(try JSONObject(element, path: path, key: "\(fullKey(name))[\(index)]"))
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
