import JSON

extension JSONValue {
    /// The document that `bytes`, of the file at path `file`, are.
    init(parsing bytes: [UInt8], file: String) throws(CheckpointError) {
        do {
            self = try JSONParser.parse(bytes)
        } catch {
            throw .malformed(
                file: file,
                place: "line \(error.line), column \(error.column)",
                found: error.found,
                expected: error.expected
            )
        }
    }

    /// The value for an error message; containers by their kind and count alone.
    var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): String(text.prefix(CheckpointLimits.quotedCharacters))
        case .string(let text): quoted(text)
        case .array(let elements): "an array of \(elements.count)"
        case .object(let object): "an object of \(object.count)"
        }
    }
}
