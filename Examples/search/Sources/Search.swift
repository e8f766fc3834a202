import Foundation
import SwiftletKit

/// Finds the paragraphs of a folder's text files that say most nearly what the question says.
///
///     search MODEL FOLDER QUESTION...
@main
struct Search {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count >= 3 else { exit("usage: search MODEL FOLDER QUESTION...") }
        let (name, folder) = (arguments[1], arguments[2])
        do {
            let paragraphs = try Paragraph.all(in: folder)
            guard !paragraphs.isEmpty else { exit("\(folder) has no .txt or .md files with text") }
            let model = try await TextModel(name)
            let vectors = try await model.embed(paragraphs.map(\.text))
            let question = try await model.embed(arguments.dropFirst(2).joined(separator: " "))
            // Vectors have length 1, so that the product is the cosine.
            let cosines = vectors.map { vector in zip(vector, question).reduce(0) { $0 + $1.0 * $1.1 } }
            for index in cosines.indices.sorted(by: { cosines[$0] > cosines[$1] }).prefix(5) {
                let paragraph = paragraphs[index]
                print("\(paragraph.file):\(paragraph.line): \(String(format: "%.3f", cosines[index]))")
                print("    \(paragraph.text.prefix(200))")
            }
        } catch {
            exit("\(error)")
        }
    }

    private static func exit(_ message: String) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        Foundation.exit(1)
    }
}

/// A paragraph, and where it begins.
struct Paragraph {
    let file: String
    let line: Int
    let text: String

    /// The paragraphs of all text files in a folder and the folders in it.
    static func all(in folder: String) throws -> [Paragraph] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
            .filter { $0.hasSuffix(".txt") || $0.hasSuffix(".md") }
            .flatMap { try paragraphs(of: $0, in: folder) }
    }

    private static func paragraphs(of file: String, in folder: String) throws -> [Paragraph] {
        let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        var paragraphs: [Paragraph] = []
        var (start, lines) = (1, [Substring]())
        // A blank line at the end ends the last paragraph.
        let all: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
        for (number, line) in zip(1..., all) {
            if !line.allSatisfy(\.isWhitespace) {
                if lines.isEmpty { start = number }
                lines.append(line)
            } else if !lines.isEmpty {
                paragraphs.append(Paragraph(file: file, line: start, text: lines.joined(separator: " ")))
                lines = []
            }
        }
        return paragraphs
    }
}
