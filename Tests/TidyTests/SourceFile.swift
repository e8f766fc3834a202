import Foundation

/// One of this package's source files.
struct SourceFile {
    /// The path, relative to the package's folder.
    let path: String
    let lines: [Substring]

    /// The package's folder: three levels above this file.
    static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    /// A file's text.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every Swift file under a folder, or the files with other endings.
    static func all(under folder: String, endings: [String] = [".swift"]) throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        return try paths.filter { path in endings.contains { path.hasSuffix($0) } }.sorted().map { path in
            let text = try text("\(folder)/\(path)")
            return SourceFile(
                path: "\(folder)/\(path)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false)
            )
        }
    }

    /// The rows of the table in a section of a page, without its head: the cells of each.
    static func table(in section: String, of page: String) throws -> [[Substring]] {
        let lines = try text(page).split(separator: "\n")
        let start = lines.firstIndex { $0 == "## \(section)" } ?? lines.endIndex
        let end = lines[start...].dropFirst().firstIndex { $0.hasPrefix("## ") } ?? lines.endIndex
        return lines[start..<end].filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { $0 }
        }
    }

    /// The folder under Sources or Tests: the target.
    var target: String { String(path.split(separator: "/")[1]) }

    /// Whether a script wrote the file.
    var isGenerated: Bool { lines.prefix(3).contains { $0.contains("scripts/make_") } }

    /// The lines with their numbers, without comments and without the text between quotation marks.
    var code: [(number: Int, text: String)] {
        zip(1..., lines).compactMap { number, line in
            let trimmed = line.drop(while: \.isWhitespace)
            guard !trimmed.hasPrefix("//") else { return nil }
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            let outside = parts.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            let text = outside.joined(separator: "\"\"")
            return (number, text.range(of: " // ").map { String(text[..<$0.lowerBound]) } ?? text)
        }
    }

    /// The modules that it imports.
    var imports: Set<String> {
        Set(
            code.compactMap { _, text in
                let words = text.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1 else {
                    return nil
                }
                return String(words[place + 1])
            }
        )
    }
}
