import Foundation
import Testing

/// Compares the arrows between the folders of a target with the table "Folders" of docs/ARCHITECTURE.md.
///
/// A folder uses another one if one of its files names a type that the other declares at the top of a file, or a member
/// that an extension in the other adds to a type (`Route.embed`). Files at a target's top level are read by all its
/// folders and may use all of them.
@Suite("The folders of a target")
struct FolderTests {
    @Test("use each other only as docs/ARCHITECTURE.md says, in all ways that it names, and never in a circle")
    func arrows() throws {
        let planned = try Self.table()
        let targets = Dictionary(grouping: try SourceFile.all(under: "Sources"), by: \.target)
        for (target, files) in targets.sorted(by: { $0.key < $1.key }) {
            let folders = Set(files.compactMap(\.folder))
            // One folder has no other to use.
            let found = folders.count > 1 ? Self.arrows(files) : [:]
            #expect(
                Set(planned[target, default: [:]].keys) == (folders.count > 1 ? folders : []),
                "the folders of \(target) in docs/ARCHITECTURE.md"
            )
            for folder in folders.sorted() {
                let uses = found[folder, default: [:]]
                let allowed = planned[target]?[folder] ?? []
                for (other, names) in uses where !allowed.contains(other) {
                    Issue.record("\(target)/\(folder) must not use \(other): \(names.sorted().prefix(5))")
                }
                for other in allowed where uses[other] == nil {
                    Issue.record("\(target)/\(folder) does not use \(other), as docs/ARCHITECTURE.md says")
                }
            }
            if let circle = Self.circle(found.mapValues { Set($0.keys) }) {
                Issue.record("\(target) has a circle: \(circle.joined(separator: " → "))")
            }
        }
        #expect(Set(planned.keys).isSubset(of: targets.keys))
    }

    /// For each folder, the folders that it uses, with the names that show the use.
    private static func arrows(_ files: [SourceFile]) -> [String: [String: Set<String>]] {
        let files = files.map { (file: $0, code: $0.code) }
        var owners: [String: Set<String>] = [:]
        for (file, code) in files {
            for name in file.declaredNames(code) { owners[name, default: []].insert(file.folder ?? "") }
        }
        var arrows: [String: [String: Set<String>]] = [:]
        for (file, code) in files {
            guard let folder = file.folder else { continue }
            for name in file.usedNames(code) {
                // A name that several folders declare tells nothing.
                guard let found = owners[name], found.count == 1, let owner = found.first, owner != folder, owner != ""
                else { continue }
                arrows[folder, default: [:]][owner, default: []].insert(name)
            }
        }
        return arrows
    }

    /// Folders that form a circle: each uses the next, and the last uses the first. Nil if there is no circle.
    private static func circle(_ arrows: [String: Set<String>]) -> [String]? {
        var finished: Set<String> = []
        func walk(_ folder: String, _ path: [String]) -> [String]? {
            if let start = path.firstIndex(of: folder) { return path[start...] + [folder] }
            guard !finished.contains(folder) else { return nil }
            for other in arrows[folder, default: []].sorted() {
                if let circle = walk(other, path + [folder]) { return circle }
            }
            finished.insert(folder)
            return nil
        }
        for folder in arrows.keys.sorted() {
            if let circle = walk(folder, []) { return circle }
        }
        return nil
    }

    /// The table: for each target and folder, the folders that it may use.
    private static func table() throws -> [String: [String: Set<String>]] {
        var table: [String: [String: Set<String>]] = [:]
        for cells in try SourceFile.table(in: "Folders", of: "docs/ARCHITECTURE.md") where cells.count >= 3 {
            let names = cells.map { $0.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
            guard let target = names[0].first, let folder = names[1].first else { continue }
            table[target, default: [:]][folder] = Set(names[2])
        }
        return table
    }
}

extension SourceFile {
    /// The folder inside of the target; nil at its top level.
    fileprivate var folder: String? {
        let parts = path.split(separator: "/")
        return parts.count > 3 ? String(parts[2]) : nil
    }

    /// The types that the file declares at its top, and the members that its extensions add to types: `Route.embed`.
    fileprivate func declaredNames(_ code: [(number: Int, text: String)]) -> Set<String> {
        let modifiers: Set<Substring> = ["package", "final", "indirect", "static", "mutating"]
        let types: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        let members: Set<Substring> = ["let", "var", "func"]
        var names: Set<String> = []
        var extended: Substring?
        for (_, line) in code {
            let isTop = line.utf8.first != UInt8(ascii: " ")
            guard isTop || extended != nil && line.hasPrefix("    ") && !line.hasPrefix("     ") else { continue }
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.drop(while: modifiers.contains)
            guard let keyword = words.first, let name = words.dropFirst().first else { continue }
            if isTop {
                extended = keyword == "extension" ? name : nil
                if types.contains(keyword) { names.insert(String(name)) }
            } else if let extended, members.contains(keyword) {
                names.insert("\(extended).\(name)")
            }
        }
        return names
    }

    /// The words of the code, without multi-line texts; and also each pair of words that a point joins.
    fileprivate func usedNames(_ code: [(number: Int, text: String)]) -> Set<String> {
        var names: Set<String> = []
        var isInText = false
        for (number, line) in code {
            let isEdge = lines[number - 1].utf8.contains(UInt8(ascii: "\"")) && lines[number - 1].contains("\"\"\"")
            defer { if isEdge { isInText.toggle() } }
            guard !isInText else { continue }
            insertWords(of: Array(line.utf8), into: &names)
        }
        return names
    }

    /// Goes by bytes, because the sources have a million of them.
    private func insertWords(of bytes: [UInt8], into names: inout Set<String>) {
        var start: Int?
        var previous: (word: String, end: Int)?
        for index in 0...bytes.count {
            let isPart: Bool =
                if index < bytes.count {
                    switch bytes[index] {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                } else { false }
            guard !isPart else {
                start = start ?? index
                continue
            }
            guard let first = start else { continue }
            start = nil
            let word = String(decoding: bytes[first..<index], as: UTF8.self)
            names.insert(word)
            if let previous, previous.end == first - 1, bytes[first - 1] == UInt8(ascii: ".") {
                names.insert("\(previous.word).\(word)")
            }
            previous = (word, index)
        }
    }
}
