import Encoder
import TestSupport
import Testing
import Tokenization

@testable import Inference

@Suite("Inputs")
struct TextInputTests {
    @Test("are equal if their bytes are, not if their characters are")
    func bytes() {
        #expect("\u{E9}" == "e\u{301}")
        #expect(TextInput.text("\u{E9}") != .text("e\u{301}"))
        #expect(TextInput.pair("a", "\u{E9}") != .pair("a", "e\u{301}"))
        #expect(TextInput.pair("a", "b") == .pair("a", "b"))
        #expect(Set([TextInput.text("\u{E9}"), .text("e\u{301}"), .text("\u{E9}")]).count == 2)
        #expect(TextInput.ids([1, 2]) == .ids([1, 2]))
        #expect(TextInput.text("a") != .pair("a", ""))
    }

    @Test(
        "become pairs with type 1 only where the tokenizer gives types; arrays keep the client's",
        arguments: [("BertTokenizer", true), ("DistilBertTokenizer", false)]
    )
    func tokenTypes(className: String, givesTypes: Bool) async throws {
        let vocabulary = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]).joined(separator: "\n")
        let files = ["vocab.txt": vocabulary, "tokenizer_config.json": #"{"tokenizer_class": "\#(className)"}"#]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: InferenceConfiguration(workers: 1)
            )
            let ids: [Int32] = [2, 5, 3, 6, 3]
            let types: [Int32] = [0, 0, 0, 1, 1]
            let typed = TextInput.arrays(.init(inputIDs: ids, tokenTypeIDs: types))
            let vectors = try await inference.embed([.pair("a", "b"), .ids(ids), typed], options: EmbedOptions()).value
            #expect(vectors[0] == vectors[givesTypes ? 2 : 1] && vectors[1] != vectors[2])
            // /tokenize shows the tokenizer's own types, its padded arrays those of the model.
            var options = TokenizeOptions()
            #expect(try inference.tokenize([.pair("a", "b")], options: options)[0].typeIDs == types)
            options.isPadded = true
            let padded = try inference.tokenize([.pair("a", "b")], options: options)[0].typeIDs
            #expect(padded == (givesTypes ? types : [0, 0, 0, 0, 0]))
            await inference.shutDown()
        }
    }
}
