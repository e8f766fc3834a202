import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Tokenization

/// Changes that make the file one that is refused, and what the message then says.
private let refusedChanges: [(message: String, change: @Sendable (inout TokenizerJSONSections) -> Void)] = [
    ("version", { $0.version = #""2.0""# }),
    ("normalizer.type", { $0.normalizer = #"{"type":"Precompiled"}"# }),
    ("normalizer.type", { $0.normalizer = "{}" }),
    ("normalizer.strip_right", { $0.normalizer = #"{"type":"Strip","strip_left":true}"# }),
    ("normalizer.content", { $0.normalizer = #"{"type":"Replace","pattern":{"String":"a"}}"# }),
    ("normalizer.pattern.String", { $0.normalizer = #"{"type":"Replace","pattern":{"Text":"a"},"content":""}"# }),
    (
        "normalizer.pattern.Regex\": found \"(\", expected a regular expression of Oniguruma (end pattern",
        { $0.normalizer = #"{"type":"Replace","pattern":{"Regex":"("},"content":""}"# }
    ),
    ("normalizer", { $0.normalizer = "7" }),
    ("normalizer.clean_text", { $0.normalizer = #"{"type":"BertNormalizer","lowercase":true}"# }),
    (
        "normalizer.lowercase",
        { $0.normalizer = $0.normalizer.replacing("\"lowercase\":true", with: "\"lowercase\":1") }
    ),
    ("normalizer.normalizers", { $0.normalizer = #"{"type":"Sequence"}"# }),
    (
        "normalizer.normalizers[1].type",
        { $0.normalizer = #"{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"ByteLevel"}]}"# }
    ),
    ("pre_tokenizer.type", { $0.preTokenizer = #"{"type":"Metaspace"}"# }),
    ("pre_tokenizer.behavior", { $0.preTokenizer = #"{"type":"Punctuation","behavior":"removed"}"# }),
    ("pre_tokenizer.individual_digits", { $0.preTokenizer = #"{"type":"Digits"}"# }),
    ("pre_tokenizer.delimiter", { $0.preTokenizer = #"{"type":"CharDelimiterSplit","delimiter":"ab"}"# }),
    ("pre_tokenizer.length", { $0.preTokenizer = #"{"type":"FixedLength","length":0}"# }),
    (
        "pre_tokenizer.invert",
        { $0.preTokenizer = #"{"type":"Split","pattern":{"String":"a"},"behavior":"Removed"}"# }
    ),
    ("post_processor.add_prefix_space", { $0.postProcessor = #"{"type":"ByteLevel"}"# }),
    ("post_processor.type", { $0.postProcessor = #"{"type":"Other"}"# }),
    ("normalizer.type", { $0.normalizer = "{}" }),
    ("pre_tokenizer.type", { $0.preTokenizer = #"{"behavior":"Isolated"}"# }),
    (
        "\"post_processor\": found a template",
        {
            $0.postProcessor = """
                {"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"pair":[],
                "special_tokens":{}}
                """
        }
    ),
    ("post_processor.cls", { $0.postProcessor = #"{"type":"RobertaProcessing"}"# }),
    ("post_processor.processors", { $0.postProcessor = #"{"type":"Sequence"}"# }),
    (
        "post_processor.sep",
        { $0.postProcessor = #"{"type":"BertProcessing","sep":["[SEP]",9],"cls":["[CLS]",2]}"# }
    ),
    ("post_processor.cls", { $0.postProcessor = #"{"type":"BertProcessing","sep":["[SEP]",1]}"# }),
    (
        "post_processor.special_tokens",
        { $0.postProcessor = #"{"type":"TemplateProcessing","single":[],"pair":[]}"# }
    ),
    ("decoder.type", { $0.decoder = #"{"type":"BPEDecoder"}"# }),
    ("decoder.stop", { $0.decoder = #"{"type":"Strip","content":"a","start":1}"# }),
    ("decoder.decoders", { $0.decoder = #"{"type":"Sequence"}"# }),
    ("decoder.cleanup", { $0.decoder = ###"{"type":"WordPiece","prefix":"##"}"### }),
    ("model.type", { $0.modelType = #""BPE""# }),
    ("model.unk_token", { $0.unknown = "null" }),
    ("model.continuing_subword_prefix", { $0.prefix = "2" }),
    ("model.max_input_chars_per_word", { $0.length = "-1" }),
    ("model.max_input_chars_per_word", { $0.length = "1e99" }),
    ("model.vocab", { $0.vocabulary = "{}" }),
    ("model.vocab", { $0.vocabulary = "[]" }),
    ("model.vocab.a", { $0.vocabulary = #"{"a":"0"}"# }),
    ("vocab[\"a\"]", { $0.vocabulary = #"{"a":-1}"# }),
    ("vocab[\"a\"]", { $0.vocabulary = #"{"a":4294967296}"# }),
    ("model.vocab.a", { $0.vocabulary = #"{"a":99999999999999999999}"# }),
    (
        "added_tokens[0].lstrip",
        { $0.addedTokens = #"[{"id":1,"content":"[SEP]","special":true,"single_word":false}]"# }
    ),
    ("added_tokens[0]", { $0.addedTokens = "[3]" }),
    ("added_tokens", { $0.addedTokens = "{}" }),
    (
        "added_tokens",
        {
            $0.addedTokens = $0.addedTokens.replacing("[SEP]", with: String(repeating: "x", count: 600)).replacing(
                "1",
                with: "8"
            )
        }
    ),
    ("line 3", { $0.postProcessor = "{,}" }),
]

@Suite("tokenizer.json")
struct TokenizerJSONTests {
    private func tokenizer(_ text: String, _ files: [String: String] = [:]) throws -> Tokenizer {
        try TestFiles.withDirectory(files.merging(["tokenizer.json": text]) { $1 }) { try Tokenizer(directory: $0) }
    }

    private func tokenizer(_ change: (inout TokenizerJSONSections) -> Void = { _ in }) throws -> Tokenizer {
        var sections = TokenizerJSONSections()
        change(&sections)
        return try tokenizer(sections.text)
    }

    @Test("It is read, its baked-in truncation and padding are left alone, and vocab.txt beside it is not looked at")
    func wholeFile() throws {
        let files = ["vocab.txt": "", "tokenizer_config.json": #"{"model_max_length": 33, "strip_accents": false}"#]
        let tokenizer = try tokenizer(TokenizerJSONSections().text, files)
        #expect(try tokenizer.encode("AB a[SEP]", pair: "a").ids == [2, 4, 5, 4, 1, 1, 4, 1])
        #expect(tokenizer.modelMaxLength == 33 && tokenizer.padTokenID == 3 && tokenizer.vocabularySize == 8)
    }

    @Test("The unknown token whose text results show instead is the one that settings or class name, not the model's")
    func namedUnknownToken() throws {
        func id(_ settings: String) throws -> Int32? {
            try tokenizer(TokenizerJSONSections().text, ["tokenizer_config.json": settings]).unknownTokenID
        }
        #expect(try id(#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#) == nil)
        #expect(try id(#"{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}"#) == 0)
        #expect(try id(#"{"tokenizer_class": "BertTokenizer"}"#) == 0)
    }

    @Test("Tokens that differ only in how an accent is written are two tokens")
    func canonicalEquivalents() throws {
        let tokenizer = try tokenizer { $0.normalizer = "null" }
        #expect(try tokenizer.encode("\u{E9} e\u{301}").ids == [2, 6, 7, 1])
    }

    @Test("null sections mean: no normalization, no special tokens, tokens joined by spaces")
    func nullSections() throws {
        let tokenizer = try tokenizer {
            $0.normalizer = "null"
            $0.postProcessor = "null"
            $0.decoder = "null"
        }
        let encoding = try tokenizer.encode("a A", pair: "ab")
        #expect(encoding.ids == [4, 0, 4, 5] && encoding.typeIDs == [0, 0, 1, 1])
        #expect(try tokenizer.decode([4, 5], skipSpecialTokens: false) == "a ##b")
    }

    @Test("A Sequence of one BertNormalizer is that normalizer")
    func sequenceOfOne() throws {
        let tokenizer = try tokenizer { $0.normalizer = "{\"type\":\"Sequence\",\"normalizers\":[\($0.normalizer)]}" }
        #expect(try tokenizer.encode("A").ids == [2, 4, 1])
    }

    @Test("A template puts special tokens and segment ids where it says")
    func template() throws {
        let tokenizer = try tokenizer {
            $0.postProcessor = """
                {"type":"TemplateProcessing",
                "single":[{"Sequence":{"id":"A","type_id":3}},{"SpecialToken":{"id":"x","type_id":2}}],
                "pair":[{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"x","type_id":2}},
                {"Sequence":{"id":"A","type_id":0}}],
                "special_tokens":{"x":{"id":"x","ids":[2,1],"tokens":["[CLS]","[SEP]"]}}}
                """
        }
        let single = try tokenizer.encode("a")
        #expect(single.ids == [4, 2, 1] && single.typeIDs == [3, 2, 2])
        let pair = try tokenizer.encode("a", pair: "ab")
        #expect(
            pair.ids == [4, 5, 2, 1, 4] && pair.typeIDs == [1, 1, 2, 2, 0] && pair.sequenceIDs == [1, 1, -1, -1, 0]
        )
        #expect(pair.offsets(in: .scalar, text: "a", pair: "ab") == pair.offsets)
    }

    @Test(
        "A setting that cannot be followed exactly is refused, and the error names file and key",
        arguments: refusedChanges.indices
    )
    func refusals(index: Int) throws {
        let (expected, change) = refusedChanges[index]
        var sections = TokenizerJSONSections()
        change(&sections)
        let text = sections.text
        let error = #expect(throws: ModelError.self) { try tokenizer(text) }
        let message = error?.description ?? ""
        #expect(message.contains("/tokenizer.json") && message.contains(expected), "\(message)")
    }

    @Test("Sections without a type are known by their keys, where tokenizers knows them")
    func untyped() throws {
        let typed = try tokenizer()
        let untyped = try tokenizer {
            $0.normalizer = $0.normalizer.replacing(#""type":"BertNormalizer","#, with: "")
            $0.postProcessor = $0.postProcessor.replacing(#""type":"BertProcessing","#, with: "")
            $0.decoder = $0.decoder.replacing(#""type":"WordPiece","#, with: "")
        }
        #expect(try untyped.encode("AB é", pair: "a") == typed.encode("AB é", pair: "a"))
        #expect(try untyped.decode([4, 5, 4]) == "ab a")
        // Without both of its keys, RobertaProcessing is BertProcessing.
        let incomplete = try tokenizer { $0.postProcessor = $0.postProcessor.replacing("Bert", with: "Roberta") }
        #expect(try incomplete.encode("a", pair: "a").typeIDs == [0, 0, 0, 1, 1])
    }

    @Test("Without an unknown token, only texts with a word that has no pieces are refused, and the error names it")
    func noUnknownToken() throws {
        let tokenizer = try tokenizer {
            $0.unknown = #""[NONE]""#
            $0.normalizer = "null"
        }
        #expect(try tokenizer.encode("ab a").ids == [2, 4, 5, 4, 1] && tokenizer.warnings.count == 1)
        #expect(throws: TokenizerError.noUnknownToken(word: "ax")) { try tokenizer.encode("é ax") }
    }

    @Test("Ids of added tokens that are not the next free ones are not used, with a warning")
    func otherIDs() throws {
        let tokenizer = try tokenizer { $0.addedTokens = $0.addedTokens.replacing("[SEP]", with: "new") }
        #expect(try tokenizer.encode("new").ids == [2, 8, 1])
        #expect(tokenizer.warnings.contains { $0.contains(#""new" 8, not 1"#) })
        let shared = try self.tokenizer { $0.vocabulary = ###"{"[UNK]":0,"[SEP]":1,"[CLS]":2,"a":0,"##b":0}"### }
        #expect(try shared.encode("ab [UNK]").ids == [2, 0, 0, 0, 0, 0, 1])
    }

    @Test("BertTokenizer takes only the vocabulary and the added tokens, and says what it does not use")
    func bertTokenizer() throws {
        let files = [
            "config.json": #"{"model_type": "bert"}"#, "tokenizer_config.json": #"{"do_lower_case": false}"#,
        ]
        var sections = TokenizerJSONSections()
        sections.length = "1"
        sections.postProcessor = "null"
        let tokenizer = try tokenizer(sections.text, files)
        #expect(try tokenizer.encode("ab A").ids == [2, 4, 5, 0, 1])
        #expect(
            tokenizer.warnings.contains {
                $0.contains("normalizer, model.max_input_chars_per_word, post_processor: not used")
            }
        )
    }

    @Test("No damage to a file makes reading it crash")
    func damagedFiles() throws {
        var generator = SeededGenerator(seed: 5)
        let whole = Array(TokenizerJSONSections().text.utf8)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeSubrange(place...)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("{}[]\",:019-e\\".utf8).randomElement(using: &generator) ?? 0, at: place)
                default: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                if bytes.isEmpty { break }
            }
            try TestFiles.withDirectory(["tokenizer.json": Data(bytes)]) { path in
                if let tokenizer = try? Tokenizer(directory: path) { _ = try? tokenizer.encode("AB [SEP] é") }
            }
        }
    }
}
