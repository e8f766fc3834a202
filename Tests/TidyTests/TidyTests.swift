import Foundation
import Testing

/// The rules of CONTRIBUTING.md that a program can check.
@Suite("The sources")
struct TidyTests {
    private static let sources = Result { try SourceFile.all(under: "Sources") }
    private static let tests = Result { try SourceFile.all(under: "Tests") }
    private static let webSources = Result { try SourceFile.all(under: "Sources", endings: [".js", ".css", ".html"]) }
    private static let cSources = Result { try SourceFile.all(under: "Sources", endings: [".c", ".h"]) }

    @Test("are files of at most 400 lines")
    func fileLength() throws {
        for file in try Self.sources.get() + Self.tests.get() + Self.webSources.get() {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count - 1) lines: split it")
        }
    }

    @Test("are lines of at most 120 columns, comments and C included")
    func lineLength() throws {
        for file in try Self.sources.get() + Self.cSources.get() + Self.webSources.get() where !file.isGenerated {
            for (number, line) in zip(1..., file.lines) where line.count > 120 {
                Issue.record("\(file.path):\(number) has \(line.count) columns: wrap it")
            }
        }
    }

    @Test("are functions of at most 60 lines")
    func functionLength() throws {
        // A function of a script stands at the margin as a function of C does.
        for file in try Self.cSources.get() + Self.webSources.get() {
            for (name, length) in file.cFunctions where length > 60 {
                Issue.record("\(file.path): \(name) has \(length) lines: split it")
            }
        }
        for file in try Self.sources.get() {
            for (name, length) in file.functions where length > 60 {
                Issue.record("\(file.path): \(name) has \(length) lines: split it")
            }
        }
    }

    @Test("stop the process for no input, leave nothing undone and print nothing")
    func bannedWords() throws {
        let banned = ["try!", "as!", "fatalError(", "nonisolated(unsafe)", "print(", "dump(", "!.", "!)", "! "]
        for file in try Self.sources.get() {
            for (number, text) in file.code {
                for word in banned where (text + " ").containsToken(word) {
                    Issue.record("\(file.path):\(number): \(word)")
                }
            }
            for (number, line) in zip(1..., file.lines) {
                for word in ["TODO", "FIXME", "HACK"] where line.contains(word) {
                    Issue.record("\(file.path):\(number): \(word): do it, or open an issue")
                }
            }
        }
    }

    @Test("say what guards a type that the compiler cannot check for sharing")
    func uncheckedSendable() throws {
        for file in try Self.sources.get() {
            for (number, text) in file.code where text.contains("@unchecked Sendable") {
                let near = file.lines[max(0, number - 4)..<min(file.lines.count, number + 1)]
                #expect(near.contains { $0.contains("//") }, "\(file.path):\(number): say what guards it")
            }
        }
    }

    @Test("have a doc comment on everything that another target sees")
    func documentation() throws {
        for file in try Self.sources.get() {
            for (number, line) in zip(1..., file.lines) where line.declaresForOthers {
                // Attributes may stand between the comment and the declaration.
                let above = file.lines[..<(number - 1)].last { !$0.drop(while: \.isWhitespace).hasPrefix("@") }
                let isDocumented = above.map { $0.drop(while: \.isWhitespace).hasPrefix("///") } ?? false
                #expect(isDocumented, "\(file.path):\(number): \(line.drop(while: \.isWhitespace))")
            }
        }
    }

    @Test("import only what docs/ARCHITECTURE.md allows, and all that it names")
    func arrows() throws {
        let allowed = try Self.rooms()
        let rooms = Set(allowed.keys)
        var found: [String: Set<String>] = [:]
        for file in try Self.sources.get() {
            found[file.target, default: []].formUnion(file.imports.intersection(rooms))
        }
        for (room, imports) in found {
            let planned = try #require(allowed[room], "docs/ARCHITECTURE.md has no room \(room)")
            #expect(imports.subtracting(planned).isEmpty, "\(room) imports what it must not")
            #expect(planned.subtracting(imports).isEmpty, "\(room) does not import what docs/ARCHITECTURE.md says")
        }
        #expect(rooms.isSuperset(of: found.keys))
    }

    @Test("read the texts of users and models by Unicode scalars, never by grapheme clusters")
    func exactTexts() throws {
        let sources = try Self.sources.get()
        // These targets get texts from outside: all that read JSON.
        let targets = Set(sources.filter { $0.imports.contains("JSON") }.map(\.target)).union(["JSON"])
        let banned = [
            ".hasPrefix(", ".hasSuffix(", ".split(separator: \"\"", ".trimmingCharacters(", ".components(separatedBy",
            ".firstIndex(of: \"\"", ".lastIndex(of: \"\"", ".isWhitespace", ".isLetter", ".isNumber",
        ]
        for file in sources where targets.contains(file.target) {
            for (number, line) in file.code {
                let text = line.replacing("unicodeScalars.", with: "scalars:").replacing(
                    "properties.",
                    with: "scalars:"
                )
                for word in banned where text.contains(word) {
                    Issue.record("\(file.path):\(number): \(word): take the function of Sources/JSON/ExactText.swift")
                }
            }
        }
    }

    @Test("name a model's files in ModelFiles' list only, where all readers find them")
    func modelFileNames() throws {
        let list = try SourceFile.text("Sources/ModelFiles/ModelFile.swift")
        let names = list.matches(of: /ModelFile\(\s*"([a-z_.]+)"/).map { String($0.1) }
        #expect(names.contains("config.json") && names.contains("vocab.txt"))
        for file in try Self.sources.get() where file.target != "ModelFiles" {
            for (number, text) in zip(1..., file.lines) where !text.drop(while: \.isWhitespace).hasPrefix("//") {
                for name in names where text.contains("\"\(name)\"") || text.contains("/\(name)\"") {
                    Issue.record("\(file.path):\(number): \(name): take it from ModelFile")
                }
            }
        }
    }

    /// The table of rooms in docs/ARCHITECTURE.md: each room with those that it may import.
    private static func rooms() throws -> [String: Set<String>] {
        var rooms: [String: Set<String>] = [:]
        for cells in try SourceFile.table(in: "Rooms", of: "docs/ARCHITECTURE.md") where cells.count >= 3 {
            let imports = cells[2].split { !$0.isLetter && !$0.isNumber }.map(String.init)
            for name in cells[0].split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                rooms[String(name)] = Set(imports)
            }
        }
        return rooms
    }
}

extension SourceFile {
    /// The functions with their lengths in lines. swift-format puts a body's closing brace under its declaration.
    fileprivate var functions: [(name: Substring, length: Int)] {
        var functions: [(name: Substring, length: Int)] = []
        for (start, line) in lines.enumerated() {
            let words = line.split(separator: " ")
            let isFunction = words.contains { $0 == "func" || $0.hasPrefix("init(") || $0.hasPrefix("init<") }
            // A body of one line ends on the same line.
            guard isFunction, !line.hasSuffix("}"), !line.drop(while: \.isWhitespace).hasPrefix("//") else { continue }
            let indentation = line.prefix(while: \.isWhitespace)
            let end = lines[start...].dropFirst().firstIndex { $0.hasPrefix("\(indentation)}") }
            // A declaration without a body has no closing brace below it.
            if let end { functions.append((line.drop(while: \.isWhitespace), end - start + 1)) }
        }
        return functions
    }
}

extension SourceFile {
    /// The functions of a C file with their lengths in lines. A function begins with a line at the margin that has an
    /// argument list and ends in an opening brace, and it ends with a brace at the margin.
    fileprivate var cFunctions: [(name: Substring, length: Int)] {
        var functions: [(name: Substring, length: Int)] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            if let first = line.first, first.isLetter || first == "_" {
                start = line.contains("(") ? index : nil
            } else if line == "}", let first = start {
                functions.append((lines[first], index - first + 1))
                start = nil
            }
        }
        return functions
    }
}

extension StringProtocol {
    /// Whether the line declares something with `package` access that needs a doc comment.
    fileprivate var declaresForOthers: Bool {
        let words = drop(while: \.isWhitespace).split(separator: " ")
        let kinds: Set<String> = ["let", "var", "func", "struct", "class", "enum", "protocol", "actor", "typealias"]
        guard let first = words.first, first == "package" || first == "package(set)" else { return false }
        // The meaning of `description` is the standard library's.
        if contains("var description: String") || contains("var debugDescription: String") { return false }
        return words.contains { word in
            kinds.contains(String(word)) || word.hasPrefix("init(") || word.hasPrefix("subscript(")
        }
    }

    /// Whether the text has this token, and not only as a part of a longer word or operator.
    fileprivate func containsToken(_ token: String) -> Bool {
        var rest = self[...]
        while let range = rest.range(of: token) {
            let before = rest[..<range.lowerBound].last
            // A force unwrap follows a name or a bracket; `!=` and a negation do not.
            let isUnwrap = token.first == "!"
            let followsName = before.map { $0.isLetter || $0.isNumber || $0 == ")" || $0 == "]" } ?? false
            let isWhole = !(before.map { $0.isLetter || $0 == "_" || $0 == "." } ?? false)
            if isUnwrap ? followsName : isWhole { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
