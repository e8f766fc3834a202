import JSON

/// A file that is read line by line, with each line's place for messages.
struct LineFile {
    private let source: TextSource

    init(path: String) {
        source = .records(path: path == "-" ? nil : path, RecordFields(format: .txt, names: []))
    }

    /// The name of a line in an error.
    func place(_ line: Int) -> String { source.place(ofLine: line) }

    /// Calls `body` with the number and the text of each line.
    ///
    /// - Throws: what `body` throws, and ``CommandError`` where the file cannot be read.
    func forEachLine(_ body: (Int, String) throws(CommandError) -> Void) throws(CommandError) {
        var fault: CommandError?
        try source.forEachRecord { record in
            guard fault == nil else { return }
            do throws(CommandError) {
                try body(record.line, record.values.first ?? "")
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
    }

    /// Calls `body` with the number and the JSON object of each line that is not empty.
    ///
    /// - Throws: as ``forEachLine(_:)``, and `unusableText` for a line that is no object.
    func forEachObject(_ body: (Int, JSONObject) throws(CommandError) -> Void) throws(CommandError) {
        try forEachLine { line, text throws(CommandError) in
            guard !text.isBlank else { return }
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONParser.parse(Array(text.utf8))
            } catch {
                let reason = "column \(error.column): found \(error.found), expected \(error.expected)"
                throw .unusableText(place: place(line), reason: reason)
            }
            guard case .object(let object) = value else {
                throw .unusableText(place: place(line), reason: "found \(value.kind), expected an object")
            }
            try body(line, object)
        }
    }
}

extension JSONObject {
    /// The value of the first of these keys that is there, with the key.
    ///
    /// - Throws: `unusableText` if none is there.
    func value(_ keys: [String], place: String) throws(CommandError) -> (key: String, value: JSONValue) {
        for key in keys {
            if let value = self[key] { return (key, value) }
        }
        let expected = keys.map { "\"\($0)\"" }.joined(separator: " or ")
        let found = members.prefix(20).map { "\"\(Columns.shown($0.key, width: 40))\"" }.joined(separator: ", ")
        throw .unusableText(place: place, reason: "no key \(expected); there are \(found.isEmpty ? "none" : found)")
    }

    /// The text of the first of these keys that is there.
    ///
    /// - Throws: `unusableText` if none is there, or its value is no string.
    func text(_ keys: [String], place: String) throws(CommandError) -> String {
        let (key, value) = try value(keys, place: place)
        guard case .string(let text) = value else {
            throw .unusableText(place: place, reason: "\"\(key)\": found \(value.kind), expected a string")
        }
        return text
    }

    /// The texts of the first of these keys that is there; numbers may stand for texts.
    ///
    /// - Throws: `unusableText` if none is there, or its value is no array of strings.
    func texts(_ keys: [String], place: String) throws(CommandError) -> [String] {
        let (key, value) = try value(keys, place: place)
        guard case .array(let elements) = value else {
            throw .unusableText(place: place, reason: "\"\(key)\": found \(value.kind), expected an array of strings")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let text), .number(let text): texts.append(text)
            default:
                let reason = "\"\(key)\"[\(index)]: found \(element.kind), expected a string"
                throw .unusableText(place: place, reason: reason)
            }
        }
        return texts
    }
}
