import Foundation
import Testing

/// Compares the documents' statements about the repository with the repository.
@Suite("The documents")
struct DocumentTests {
    /// The folders at the top of the repository: a word in backticks that begins with one of them is a path.
    private static let folders = [
        "Sources", "Tests", "Benchmarks", "Models", "config", "deploy", "docs", "scripts", ".ci",
    ]

    /// Every Markdown file of the repository.
    private static func documents() throws -> [String] {
        let top = try FileManager.default.contentsOfDirectory(atPath: SourceFile.root.path)
            .filter { $0.hasSuffix(".md") }
        let deeper = try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: SourceFile.root.appending(path: folder).path)
                .filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return (top + deeper).sorted()
    }

    /// Whether there is a file or folder with this path in the repository.
    private static func exists(_ path: some StringProtocol) -> Bool {
        FileManager.default.fileExists(atPath: SourceFile.root.appending(path: String(path)).path)
    }

    /// The words in backticks outside of code blocks.
    private static func quoted(_ text: String) -> [Substring] {
        var quoted: [Substring] = []
        var isCode = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode, !line.hasPrefix("    ") else { continue }
            let parts = line.split(separator: "`", omittingEmptySubsequences: false)
            quoted += parts.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        }
        return quoted
    }

    /// The anchors of a document's headings, as GitHub makes them.
    private static func anchors(_ text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased().filter {
                    $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_"
                }.replacing(" ", with: "-")
            }
        )
    }

    @Test(
        "name only files and folders that exist",
        arguments: ["docs/extending.md", "docs/ARCHITECTURE.md", "CONTRIBUTING.md"]
    )
    func paths(document: String) throws {
        let text = try SourceFile.text(document)
        // In a command, options follow the path.
        let paths = Self.quoted(text).compactMap { $0.split(separator: " ").first }.filter { word in
            Self.folders.contains { word.hasPrefix("\($0)/") }
        }
        #expect(!paths.isEmpty)
        for path in paths {
            #expect(Self.exists(path), "\(document) names \(path), which does not exist")
        }
    }

    @Test("name only source files that exist, where docs/ARCHITECTURE.md names them without a folder")
    func fileNames() throws {
        let names = try Set(
            SourceFile.all(under: "Sources", endings: [".swift", ".c", ".h"]).compactMap {
                $0.path.split(separator: "/").last
            }
        )
        for word in Self.quoted(try SourceFile.text("docs/ARCHITECTURE.md")) where !word.contains("/") {
            guard word.hasSuffix(".swift") || word.hasSuffix(".c"), word != "Package.swift" else { continue }
            #expect(names.contains(word), "docs/ARCHITECTURE.md names \(word), which does not exist")
        }
    }

    @Test("link only to files and headings that exist")
    func links() throws {
        for document in try Self.documents() {
            let text = try SourceFile.text(document)
            let folder = document.split(separator: "/").dropLast().joined(separator: "/")
            for part in text.split(separator: "](").dropFirst() {
                guard let target = part.split(separator: ")", omittingEmptySubsequences: false).first else { continue }
                guard !target.contains("://"), !target.contains(" "), !target.hasPrefix("mailto:") else { continue }
                let pieces = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let path = pieces[0].isEmpty ? document : folder.isEmpty ? String(pieces[0]) : "\(folder)/\(pieces[0])"
                #expect(Self.exists(path), "\(document) links to \(target), which does not exist")
                guard pieces.count == 2, path.hasSuffix(".md"), Self.exists(path) else { continue }
                let headings = try Self.anchors(SourceFile.text(path))
                #expect(headings.contains(String(pieces[1])), "\(document) links to \(target): no such heading")
            }
        }
    }
}
