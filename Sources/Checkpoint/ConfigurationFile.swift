package import JSON

/// A `config.json` or its like: one JSON object, read key by key with the type and range that the caller expects.
///
/// A getter without a default requires its key. A key that is there always counts: a value of the wrong type or out of
/// range is an error even where a default exists, so that nothing a file says is silently ignored.
package struct ConfigurationFile: Sendable {
    /// The file's path, for messages.
    package let path: String
    /// What it holds.
    package let members: JSONObject

    /// Reads the file at `path`.
    ///
    /// - Throws: ``CheckpointError`` when it cannot be read, is not one JSON object in UTF-8, or has a key twice.
    package init(path: String) throws(CheckpointError) {
        try self.init(bytes: Self.contents(of: path), path: path)
    }

    /// Reads `bytes` as if they were the file at `path`.
    package init(bytes: [UInt8], path: String) throws(CheckpointError) {
        let document = try JSONValue(parsing: bytes, file: path)
        guard case .object(let members) = document else {
            throw .malformed(file: path, place: "document", found: document.summary, expected: "an object")
        }
        self.path = path
        self.members = members
    }

    private init(members: JSONObject, path: String) {
        self.path = path
        self.members = members
    }

    /// The objects of a file that is an array of them, such as sentence-transformers' `modules.json`, each of which
    /// names the file and its place there in messages.
    ///
    /// - Throws: as ``init(path:)``.
    package static func list(path: String) throws(CheckpointError) -> [ConfigurationFile] {
        let document = try JSONValue(parsing: contents(of: path), file: path)
        guard case .array(let elements) = document else {
            throw .malformed(file: path, place: "document", found: document.summary, expected: "an array of objects")
        }
        var files: [ConfigurationFile] = []
        for (index, element) in elements.enumerated() {
            guard case .object(let members) = element else {
                throw .malformed(file: path, place: "[\(index)]", found: element.summary, expected: "an object")
            }
            files.append(ConfigurationFile(members: members, path: "\(path): [\(index)]"))
        }
        return files
    }

    private static func contents(of path: String) throws(CheckpointError) -> [UInt8] {
        try CheckpointFile(path: path).withBytes { (bytes: RawSpan) throws(CheckpointError) in
            let limit = CheckpointLimits.configurationBytes
            guard bytes.byteCount <= limit, let copy = bytes.array(at: 0..<bytes.byteCount) else {
                throw .limitExceeded(file: path, what: "bytes", found: "\(bytes.byteCount)", limit: limit)
            }
            return copy
        }
    }

    /// Whether `key` is there with a value other than null.
    package func contains(_ key: String) -> Bool {
        members[key].map { $0 != .null } ?? false
    }

    /// A whole number in `range`. `12.0` is one, as Python would compute with it; `true` and `"12"` are not.
    package func integer(
        _ key: String,
        default fallback: Int? = nil,
        in range: ClosedRange<Int>
    ) throws(CheckpointError) -> Int {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        guard let value = members[key] else { return try absent(key, fallback, expected) }
        guard let integer = value.integer, range.contains(integer) else { throw wrong(key, value, expected) }
        return integer
    }

    /// A finite number in `range`.
    package func number(
        _ key: String,
        default fallback: Double? = nil,
        in range: ClosedRange<Double>
    ) throws(CheckpointError) -> Double {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = members[key] else { return try absent(key, fallback, expected) }
        guard let number = value.double, range.contains(number) else { throw wrong(key, value, expected) }
        return number
    }

    /// `true` or `false`; `0` and `1` are neither.
    package func boolean(_ key: String, default fallback: Bool? = nil) throws(CheckpointError) -> Bool {
        guard let value = members[key] else { return try absent(key, fallback, "true or false") }
        guard case .boolean(let boolean) = value else { throw wrong(key, value, "true or false") }
        return boolean
    }

    /// A string.
    package func string(_ key: String, default fallback: String? = nil) throws(CheckpointError) -> String {
        guard let value = members[key] else { return try absent(key, fallback, "a string") }
        guard case .string(let string) = value else { throw wrong(key, value, "a string") }
        return string
    }

    /// An array of strings such as `architectures`; nil when absent or null.
    package func strings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = members[key], value != .null else { return nil }
        let expected = "an array of strings"
        guard case .array(let elements) = value else { throw wrong(key, value, expected) }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let string) = element else { throw wrong("\(key)[\(index)]", element, "a string") }
            strings.append(string)
        }
        return strings
    }

    /// A string, or an array of strings: one of a thing or several, such as sentence-transformers' `pooling_mode`; nil
    /// when absent or null.
    package func oneOrMoreStrings(_ key: String) throws(CheckpointError) -> [String]? {
        if case .string(let string) = members[key] { [string] } else { try strings(key) }
    }

    /// An object whose values are strings, such as `id2label`; nil when absent or null.
    package func stringMap(_ key: String) throws(CheckpointError) -> [String: String]? {
        guard let value = members[key], value != .null else { return nil }
        guard case .object(let entries) = value else { throw wrong(key, value, "an object of strings") }
        var map: [String: String] = [:]
        for entry in entries.members {
            guard case .string(let string) = entry.value else {
                throw wrong("\(key).\(entry.key)", entry.value, "a string")
            }
            map[entry.key] = string
        }
        return map
    }

    private func absent<Value>(_ key: String, _ fallback: Value?, _ expected: String) throws(CheckpointError) -> Value {
        guard let fallback else { throw .missingKey(file: path, key: key, expected: expected) }
        return fallback
    }

    private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> CheckpointError {
        .wrongValue(file: path, key: key, found: value.summary, expected: expected)
    }
}
