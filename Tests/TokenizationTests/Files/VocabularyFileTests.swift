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
        #expect(try ids(gap, "x y") == [6, 2] && gap.token(id: 1) == nil)
    }

    @Test("A vocabulary that can't be used is refused, naming the file and what is wrong")
    func refusals() throws {
        let cases: [(String, String)] = [
            ("", "empty"), ("\n", "[UNK]"), ("a\nb\n", "[UNK]"), ("[UNK]\n", "[CLS]"), ("[UNK]\n[CLS]\n", "[SEP]"),
            ("[UNK]\n[CLS]\n[SEP]\n", "[PAD]"), (Self.vocabulary + "b\n", "lines 7 and 13"),
        ]
        for (text, expected) in cases {
            let error = #expect(throws: ModelError.self) { try tokenizer(text) }
            #expect(error?.description.contains("/vocab.txt") == true && error?.description.contains(expected) == true)
        }
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
            try TokenizerParts(vocabularyFile: "/nowhere/vocab.txt", configuration: TokenizerConfiguration())
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

    @Test("Special tokens may have other names and flags, and further ones may be added, in either file")
    func specialTokens() throws {
        let config = """
            {"mask_token": {"content": "<m>", "lstrip": true}, "additional_special_tokens": ["<x>"],
             "model_max_length": 64, "truncation_side": "left", "tokenizer_class": "MobileBertTokenizerFast"}
            """
        let map = #"{"additional_special_tokens": ["<x>", {"content": "<y>", "single_word": true}], "pad_token": "b"}"#
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
        #expect(try length("1e30") == nil && length("1000000000000000019884624838656") == nil)
        for bad in ["0", "-1", "1.5", "true", "\"512\"", "[]"] {
            let error = #expect(throws: ModelError.self) { try length(bad) }
            #expect(error?.description.contains("\"model_max_length\": found") == true)
        }
    }

    @Test(
        "What can't be done exactly, or makes no sense, is refused, naming file and key",
        arguments: [
            (#"{"do_lower_case": "yes"}"#, "do_lower_case"), (#"{"do_basic_tokenize": false}"#, "do_basic_tokenize"),
            (#"{"never_split": ["x"]}"#, "never_split"),
            (#"{"tokenizer_class": "RobertaTokenizer"}"#, "tokenizer_class"),
            (#"{"wordpieces_prefix": "@@"}"#, "wordpieces_prefix"), (#"{"clean_text": false}"#, "clean_text"),
            (#"{"truncation_side": "up"}"#, "truncation_side"), (#"{"mask_token": 5}"#, "mask_token"),
            (#"{"mask_token": ""}"#, "mask_token"), (#"{"mask_token": {"lstrip": true}}"#, "mask_token.content"),
            (#"{"cls_token": "<s>"}"#, "<s>"), (#"{"pad_token": "<pad>"}"#, "<pad>"),
            (#"{"unk_token": "<unk>"}"#, "<unk>"),
            (#"{"added_tokens_decoder": {"x": {"content": "y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder": {"-1": {"content": "y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder": {"99999999999": {"content": "y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder": {"5": {"content": "y"}}}"#, "has the id 5"),
            (#"{"added_tokens_decoder": {"6": {"content": "a"}}}"#, "has the id 5"),
            (#"{"do_lower_case": true, "do_lower_case": false}"#, "do_lower_case"), ("[]", "an object"),
            ("{", "line 1"),
        ]
    )
    func configurationRefusals(config: String, expected: String) throws {
        let error = #expect(throws: ModelError.self) {
            try tokenizer(Self.vocabulary, ["tokenizer_config.json": config])
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test("Two files that contradict each other are refused")
    func contradiction() throws {
        let error = #expect(throws: ModelError.self) {
            let files = [
                "tokenizer_config.json": #"{"sep_token": "a"}"#, "special_tokens_map.json": #"{"sep_token": "b"}"#,
            ]
            return try tokenizer(Self.vocabulary, files)
        }
        #expect(error?.description.contains("sep_token") == true)
    }
}
