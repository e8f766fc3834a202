import Foundation
import ModelFiles
import Testing

@testable import Tokenization

@Suite("vocab.txt and the files beside it")
struct VocabularyFileTests {
    static let lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b", "é", "A", "漢", "字"]
    static let vocabulary = lines.joined(separator: "\n") + "\n"

    private func tokenizer(_ vocabulary: String = vocabulary, _ files: [String: String] = [:]) throws -> Tokenizer {
        try TestFiles.withDirectory(files.merging(["vocab.txt": vocabulary]) { $1 }) { try Tokenizer(directory: $0) }
    }

    private func ids(_ tokenizer: Tokenizer, _ text: String) throws -> [Int32] {
        try tokenizer.encode(text, options: EncodingOptions(addSpecialTokens: false)).ids
    }

    @Test("LF, CRLF, a missing last line end, a byte order mark and blank lines are all read")
    func lineEnds() throws {
        let variants = [
            Self.vocabulary, String(Self.vocabulary.dropLast()), "\u{FEFF}" + Self.vocabulary, Self.vocabulary + "\n\n",
            Self.lines.joined(separator: "\r\n") + "\r\n",
        ]
        for variant in variants { #expect(try ids(tokenizer(variant), "Ab b [MASK]") == [5, 7, 6, 4]) }
        let gap = try tokenizer("[PAD]\n\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nx\n")
        #expect(try ids(gap, "x y") == [6, 2] && gap.token(id: 1) == "")
    }

    @Test("White space at a line's end does not count, and of equal lines the last gives the id")
    func lines() throws {
        let tokenizer = try tokenizer(Self.vocabulary + "a\nx \t\u{3000}\n")
        #expect(try ids(tokenizer, "a x") == [12, 13] && tokenizer.token(id: 5) == nil)
        // New tokens come after the number of tokens, 13 here, which is x's id.
        let added = try self.tokenizer(Self.vocabulary + "a\nx\n", ["added_tokens.json": #"{"<n>": 99}"#])
        #expect(try ids(added, "<n>") == [13] && added.token(id: 13) == "<n>")
        #expect(added.warnings.contains { $0.contains(#""<n>" 13, not 99"#) })
    }

    @Test("Special tokens that the vocabulary lacks are added to it")
    func missingSpecialTokens() throws {
        let tokenizer = try tokenizer("a\n[CLS]\n")
        #expect(try tokenizer.encode("a b [MASK]").ids == [1, 0, 2, 5, 3] && tokenizer.padTokenID == 4)
        #expect(tokenizer.warnings.contains { $0.contains(#"no "[UNK]""#) })
    }

    @Test("A token that was added as a normalized one, and then as another, is still shown normalized")
    func addedTwice() throws {
        // The results of transformers 5.23.0: such a token is not left out with the special ones either.
        let settings = """
            {"added_tokens_decoder": {"12": {"content": "Q\u{C9}", "normalized": true, "special": true},
            "13": {"content": "Q\u{C9}", "normalized": false, "special": true}}}
            """
        let tokenizer = try tokenizer(Self.vocabulary, ["tokenizer_config.json": settings])
        #expect(try ids(tokenizer, "Q\u{C9} q\u{C9}") == [12, 1] && tokenizer.decode([12]) == "qe")
    }

    @Test("clean_up_tokenization_spaces removes spaces of the whole decoded text, as Python takes its value")
    func cleanUp() throws {
        let words = "the ' film . do not , ! n t s".split(separator: " ")
        let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words.map(String.init)
        // The results of transformers 5.23.0.
        let (clean, plain) = ("the'film. the's film, do not!n't.", "the ' film. the ' s film, do not! n ' t.")
        let ids: [Int32] = [5, 6, 7, 8, 5, 6, 15, 7, 11, 9, 10, 12, 13, 6, 14, 8]
        for (value, text) in [
            ("true", clean), ("false", plain), ("null", plain), ("1", clean), ("\"yes\"", clean), ("0", plain),
        ] {
            let settings = "{\"clean_up_tokenization_spaces\": \(value)}"
            let tokenizer = try tokenizer(
                vocabulary.joined(separator: "\n"),
                ["tokenizer_config.json": settings]
            )
            #expect(try tokenizer.decode(ids) == text)
            #expect(try tokenizer.decode(ids, cleansUp: false) == plain)
        }
    }

    @Test("A vocabulary that can't be used is refused, naming the file and what is wrong")
    func refusals() throws {
        let error = #expect(throws: ModelError.self) { try tokenizer("") }
        #expect(error?.description.contains("/vocab.txt: file: found an empty vocabulary") == true)
        let notUTF8 = Data("[UNK]\nab".utf8) + [0xFF, 0x0A]
        try TestFiles.withDirectory(["vocab.txt": notUTF8]) { path in
            let error = #expect(throws: ModelError.self) { try Tokenizer(directory: path) }
            #expect(error?.description.contains("line 2: found the invalid byte 8, expected UTF-8") == true)
        }
    }

    @Test("A folder with neither file and a missing folder are refused, and the error names them")
    func noFiles() throws {
        try TestFiles.withDirectory([String: String]()) { path in
            #expect(throws: ModelError.noTokenizer(directory: path)) { try Tokenizer(directory: path) }
        }
        #expect(throws: ModelError.noTokenizer(directory: "/nowhere")) { try Tokenizer(directory: "/nowhere") }
        let error = #expect(throws: ModelError.self) {
            try Vocabulary(linesOf: "/nowhere/vocab.txt")
        }
        #expect(error?.description.hasPrefix("/nowhere/vocab.txt: cannot be read") == true)
    }

    @Test("The flags of tokenizer_config.json are followed")
    func flags() throws {
        func ids(_ config: String, _ text: String) throws -> [Int32] {
            try self.ids(tokenizer(Self.vocabulary, ["tokenizer_config.json": config]), text)
        }
        #expect(try ids("{}", "A É 漢字") == [5, 1, 10, 11])
        #expect(try ids(#"{"do_lower_case": false}"#, "A a é") == [9, 5, 8])
        #expect(try ids(#"{"do_lower_case": false, "strip_accents": true}"#, "Á") == [9])
        #expect(try ids(#"{"strip_accents": false}"#, "É") == [8])
        #expect(try ids(#"{"tokenize_chinese_chars": false}"#, "漢字") == [1])
    }

    @Test("Special tokens may have other names and flags, and further ones may be added, in both files")
    func specialTokens() throws {
        let config = """
            {"mask_token": {"content": "<m>", "lstrip": true}, "extra_special_tokens": ["<x>"],
             "model_max_length": 64, "truncation_side": "left", "tokenizer_class": "MobileBertTokenizerFast"}
            """
        let map = #"{"extra_special_tokens": ["<x>", {"content": "<y>", "single_word": true}], "pad_token": "b"}"#
        let tokenizer = try tokenizer(
            Self.vocabulary,
            ["tokenizer_config.json": config, "special_tokens_map.json": map]
        )
        #expect(tokenizer.padTokenID == 6 && tokenizer.modelMaxLength == 64 && tokenizer.truncationDirection == .left)
        #expect(tokenizer.vocabularySize == 15 && tokenizer.token(id: 12) == "<m>")
        let encoding = try tokenizer.encode("a  <m> <x><y> <y>a <y>")
        #expect(encoding.ids == [2, 5, 12, 13, 14, 1, 1, 1, 5, 14, 3])
        #expect(encoding.offsets[2] == 1..<6)
        #expect(try tokenizer.decode([5, 12, 13, 5]) == "a a")
    }

    @Test("added_tokens_decoder gives tokens their ids and flags")
    func addedTokensDecoder() throws {
        let config = """
            {"added_tokens_decoder": {"4": {"content": "[MASK]", "special": true, "lstrip": true},
             "12": {"content": "Foo", "special": false, "normalized": true}}}
            """
        let tokenizer = try tokenizer(Self.vocabulary, ["tokenizer_config.json": config])
        #expect(try ids(tokenizer, "a [MASK] foo FÓOb") == [5, 4, 12, 12, 6])
        #expect(!tokenizer.isSpecial(id: 12) && tokenizer.isSpecial(id: 4))
    }

    @Test("model_max_length is a number of tokens, or so large that it means none")
    func modelMaxLength() throws {
        func length(_ text: String) throws -> Int? {
            let config = "{\"model_max_length\": \(text)}"
            return try tokenizer(Self.vocabulary, ["tokenizer_config.json": config]).modelMaxLength
        }
        #expect(try length("512") == 512 && length("512.0") == 512 && length("null") == nil)
        #expect(try length("-1") == nil && length("1e30") == nil && length("1000000000000000019884624838656") == nil)
        for bad in ["1.5", "true", "\"512\"", "[]"] {
            let error = #expect(throws: ModelError.self) { try length(bad) }
            #expect(error?.description.contains("\"model_max_length\": found") == true)
        }
    }

    @Test(
        "What can't be done exactly, or makes no sense, is refused, naming file and key",
        arguments: [
            (#"{"do_lower_case": "yes"}"#, "do_lower_case"),
            (#"{"tokenizer_class": "RobertaTokenizer"}"#, "tokenizer_class"),
            (#"{"truncation_side": "up"}"#, "truncation_side"), (#"{"mask_token": 5}"#, "mask_token"),
            (#"{"mask_token": {"lstrip": true}}"#, "mask_token.content"), (#"{"cls_token": ""}"#, "before a text"),
            (#"{"extra_special_tokens": "<x>"}"#, "extra_special_tokens"),
            (#"{"added_tokens_decoder": {"x": {"content": "y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder": {"-1": {"content": "y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder": {"99999999999": {"content": "y"}}}"#, "added_tokens_decoder"),
            ("[]", "an object"),
            ("{", "line 1"),
        ]
    )
    func configurationRefusals(config: String, expected: String) throws {
        let error = #expect(throws: ModelError.self) {
            try tokenizer(Self.vocabulary, ["tokenizer_config.json": config])
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test("What transformers does not use is named once")
    func ignored() throws {
        let config = """
            {"do_basic_tokenize": false, "never_split": ["x"], "wordpieces_prefix": "@@", "clean_text": false,
             "additional_special_tokens": ["<x>"], "added_tokens_decoder": {"5": {"content": "<y>"}}}
            """
        let files = [
            "tokenizer_config.json": config, "special_tokens_map.json": #"{"sep_token": "<z>"}"#,
            "added_tokens.json": #"{"<w>": 12, "<y>": 13}"#,
        ]
        let warnings = try tokenizer(Self.vocabulary, files).warnings
        let expected = [
            "do_basic_tokenize, clean_text, never_split, wordpieces_prefix: ignored", #"added_tokens.json: "<w>": "#,
            #"special_tokens_map.json: "<z>": "#, #""<y>" 12, not 5"#,
        ]
        #expect(warnings.count == expected.count)
        for (warning, part) in zip(warnings, expected) { #expect(warning.contains(part), "\(warning)") }
        #expect(try tokenizer().warnings == [])
    }

    @Test("Special tokens in a text are split if split_special_tokens says so")
    func splitSpecialTokens() throws {
        let tokenizer = try tokenizer(Self.vocabulary, ["tokenizer_config.json": #"{"split_special_tokens": true}"#])
        #expect(try tokenizer.encode("a [SEP]").ids == [2, 5, 1, 1, 1, 3])
    }
}
