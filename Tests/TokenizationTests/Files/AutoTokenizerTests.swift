import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenization

/// A tokenizer's folder, and what transformers' `AutoTokenizer` makes of texts with it.
private struct RecordedFolder: Decodable, CustomTestStringConvertible {
    var name: String
    var files: [String: String]
    var cases: [ReferenceCase]
    var truncationSide: String
    var modelMaxLength: Int?
    var givesTokenTypes: Bool

    var testDescription: String { name }

    /// The folders of folders.jsonl; none if it cannot be read, which another test notices.
    static let all = (try? read(TestFiles.fixtures.appending(path: "folders.jsonl"))) ?? []

    static func read(_ file: URL) throws -> [RecordedFolder] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: file).split(separator: 0x0A).map { try decoder.decode(Self.self, from: $0) }
    }

    /// Compares everything. The name of the folder stands in each failure.
    func check() throws {
        try TestFiles.withDirectory(files) { path in
            let tokenizer = try Tokenizer(directory: path)
            #expect(tokenizer.truncationDirection.rawValue == truncationSide, "\(name)")
            #expect(tokenizer.modelMaxLength == modelMaxLength, "\(name)")
            for reference in cases {
                try reference.check(tokenizer, of: name)
                var options = reference.options
                options.forModel = true
                let types = try tokenizer.encode(reference.text, pair: reference.pair, options: options).typeIDs
                #expect(types == (givesTokenTypes ? reference.typeIds : reference.typeIds.map { _ in 0 }), "\(name)")
            }
        }
    }
}

@Suite("Folders as people have them, against AutoTokenizer of transformers 5.23.0")
struct AutoTokenizerTests {
    @Test("All folders were read")
    func count() {
        #expect(RecordedFolder.all.count == 77)
    }

    @Test("Added and special tokens from any file have their ids and flags", arguments: RecordedFolder.all)
    private func folder(_ folder: RecordedFolder) throws {
        try folder.check()
    }

    @Test(
        "So do the folders of the file that SWIFTLET_FOLDERS names",
        .enabled(if: ProcessInfo.processInfo.environment["SWIFTLET_FOLDERS"] != nil, "SWIFTLET_FOLDERS is not set")
    )
    func furtherFolders() throws {
        let path = try #require(ProcessInfo.processInfo.environment["SWIFTLET_FOLDERS"])
        for folder in try RecordedFolder.read(URL(fileURLWithPath: path)) {
            do { try folder.check() } catch { Issue.record(error, "\(folder.name)") }
        }
    }
}
