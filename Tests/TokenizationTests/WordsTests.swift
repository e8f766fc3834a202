import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenization

@Suite("Encoding words")
struct WordsTests {
    @Test("gives the ids of tokenizers with is_split_into_words, and each token's word")
    func reference() throws {
        let fixtures = ModelFolder.repository + "/Tests/Fixtures"
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let vocabulary = folder.appending(path: "vocab.txt").path
        try FileManager.default.copyItem(atPath: "\(fixtures)/tasks/vocab.txt", toPath: vocabulary)
        let tokenizer = try Tokenizer(directory: folder.path)
        let file = try Data(contentsOf: URL(filePath: "\(fixtures)/training/tasks.json"))
        let cases = try JSONParser.parse([UInt8](file))["words"]?.elements ?? []
        #expect(cases.count == 30)
        for one in cases {
            let words = (one["words"]?.elements ?? []).compactMap(\.text)
            let options = EncodingOptions(truncation: Truncation(maxLength: one["limit"]?.integer ?? 0))
            let (encoding, places) = try tokenizer.encode(words: words, options: options)
            #expect(encoding.ids.map { Double($0) } == one["ids"]?.numbers, "\(words)")
            #expect(places == (one["places"]?.elements ?? []).map(\.integer), "\(words)")
        }
    }
}
