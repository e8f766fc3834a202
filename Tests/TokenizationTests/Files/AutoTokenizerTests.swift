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
    static let all = (try? read()) ?? []

    static func read() throws -> [RecordedFolder] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: TestFiles.fixtures.appending(path: "folders.jsonl")).split(separator: 0x0A).map {
            try decoder.decode(Self.self, from: $0)
        }
    }
}

@Suite("Folders as people have them, against AutoTokenizer of transformers 5.23.0")
struct AutoTokenizerTests {
    @Test("All folders were read")
    func count() throws {
        #expect(try RecordedFolder.read().count == 77)
    }

    @Test("Added and special tokens from any file have their ids and flags", arguments: RecordedFolder.all)
    private func folder(_ folder: RecordedFolder) throws {
        try TestFiles.withDirectory(folder.files) { path in
            let tokenizer = try Tokenizer(directory: path)
            #expect(tokenizer.truncationDirection.rawValue == folder.truncationSide)
            #expect(tokenizer.modelMaxLength == folder.modelMaxLength)
            for reference in folder.cases {
                try reference.check(tokenizer)
                var options = reference.options
                options.forModel = true
                let types = try tokenizer.encode(reference.text, pair: reference.pair, options: options).typeIDs
                #expect(types == (folder.givesTokenTypes ? reference.typeIds : reference.typeIds.map { _ in 0 }))
            }
        }
    }
}
