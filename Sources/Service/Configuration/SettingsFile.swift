import Foundation
import ModelFiles
import Yams

/// Reads the YAML file: a flat list of `key: value`, one on each line.
///
/// YAML can express far more: anchors that expand to gigabytes, nesting without end, tags. A configuration needs none
/// of that, so the form of each line is checked before the parser sees the text. Yams then handles the rest: comments,
/// quoting and escapes.
enum SettingsFile {
    /// The most bytes of a file. The reference file with all its comments has a quarter of this.
    static let maxBytes = 64 * 1024

    /// Reads and parses the file at `path`.
    static func read(path: String) throws(ConfigurationError) -> [Setting] {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: maxBytes + 1) ?? Data()
        } catch {
            throw .unreadableFile(path: path, reason: SystemError.text(error))
        }
        guard data.count <= maxBytes else {
            throw .unreadableFile(path: path, reason: "it is larger than \(maxBytes) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .malformedFile(path: path, line: nil, reason: "not UTF-8 text")
        }
        return try parse(text, path: path)
    }

    /// Parses a file's text; `path` is for messages only.
    static func parse(_ text: String, path: String) throws(ConfigurationError) -> [Setting] {
        let lines = try checkShape(of: text, path: path)
        guard !lines.isEmpty else { return [] }
        let mapping: Node.Mapping
        do {
            guard case .mapping(let root)? = try compose(yaml: text) else {
                throw ConfigurationError.malformedFile(path: path, line: lines.first, reason: flatListExpected)
            }
            mapping = root
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw .malformedFile(path: path, line: Self.line(of: error), reason: Self.problem(of: error))
        }
        // A quoted value that runs over the end of its line would swallow the keys that follow it.
        guard mapping.count == lines.count else {
            throw .malformedFile(path: path, line: nil, reason: "a quoted value does not end on its own line")
        }
        var settings: [Setting] = []
        for (node, value) in mapping {
            guard case .scalar(let name) = node, case .scalar(let scalar) = value else {
                throw .malformedFile(path: path, line: node.mark?.line, reason: flatListExpected)
            }
            let source = ConfigurationSource.file(path: path, line: node.mark?.line ?? 0)
            guard let key = known[name.string] else {
                let nearest = EditDistance.nearest(to: name.string, among: ConfigurationKey.all.map(\.name))
                throw .unknownKey(name: name.string, source: source, nearest: nearest)
            }
            guard !isNull(scalar) else { continue }
            let formerName = name.string == key.name ? nil : key.formerName
            settings.append(Setting(key: key, formerName: formerName, value: scalar.string, source: source))
        }
        return settings
    }

    private static let known = ConfigurationKey.byName { $0 }
    private static let flatListExpected = "expected a flat list of `key: value`, each at the start of a line"

    /// Whether a value is absent: `key:`, `key: ~` and `key: null` have the same effect as no line.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Refuses every line that is not blank, a comment, a leading `---` or `key: value` with a plain or quoted value.
    ///
    /// - Returns: the line numbers of the keys.
    private static func checkShape(of text: String, path: String) throws(ConfigurationError) -> [Int] {
        var keys: [Int] = []
        // `isNewline` covers all the line breaks of YAML 1.1, also U+0085, U+2028 and U+2029.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in zip(1..., lines) {
            let content = (number == 1 && line.first == "\u{FEFF}" ? line.dropFirst() : line).utf8
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            guard let first = content.first(where: { !isSpace($0) }), first != UInt8(ascii: "#") else { continue }
            if keys.isEmpty, content.elementsEqual("---".utf8) { continue }
            guard let colon = content.firstIndex(of: UInt8(ascii: ":")), colon != content.startIndex,
                content[..<colon].allSatisfy(isKeyByte), content[colon...].dropFirst().first.map(isSpace) ?? true
            else {
                throw .malformedFile(path: path, line: number, reason: flatListExpected)
            }
            let value = content[colon...].dropFirst().drop(while: isSpace)
            if let start = value.first, "&*!|>[]{}?%@`".utf8.contains(start) {
                let reason = "expected a single value, found \"\(Character(Unicode.Scalar(start)))\" (quote a text)"
                throw .malformedFile(path: path, line: number, reason: reason)
            }
            keys.append(number)
        }
        return keys
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func line(of error: any Error) -> Int? {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    private static func problem(of error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
        case .duplicatedKeysInMapping(let keys, _): "given twice: \(keys.joined(separator: ", "))"
        case .reader(let problem, _, _, _): problem
        default: "not YAML"
        }
    }
}
