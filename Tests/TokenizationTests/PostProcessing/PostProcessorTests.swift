import Testing

@testable import Tokenization

private let template = """
    {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
    "pair":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"x","type_id":0}},
    {"Sequence":{"id":"B","type_id":0}}],"special_tokens":{"x":{"id":"x","ids":[2],"tokens":["[CLS]"]}}}
    """
private let twice = """
    {"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
    "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
    {"Sequence":{"id":"B","type_id":0}}],"special_tokens":{}}
    """
private let bert = #"{"type":"BertProcessing","sep":["[SEP]",1],"cls":["[CLS]",2]}"#
private let roberta =
    #"{"type":"RobertaProcessing","sep":["[SEP]",1],"cls":["[CLS]",2],"trim_offsets":true,"add_prefix_space":true}"#
private let byteLevel = #"{"type":"ByteLevel","trim_offsets":true,"add_prefix_space":true}"#

/// Chains of processors, and what tokenizers 0.23.3 makes with them.
@Suite("Post-processors")
struct PostProcessorTests {
    private func tokenizer(_ steps: [String], normalizer: String = "null") throws -> Tokenizer {
        var sections = TokenizerJSONSections()
        sections.normalizer = normalizer
        sections.preTokenizer = #"{"type":"CharDelimiterSplit","delimiter":"-"}"#
        sections.vocabulary = #"{"[UNK]":0,"[SEP]":1,"[CLS]":2,"[PAD]":3," a":4,"  a":5,"x":6,"x   ":7}"#
        sections.postProcessor = #"{"type":"Sequence","processors":[\#(steps.joined(separator: ","))]}"#
        return try TestFiles.withDirectory(["tokenizer.json": sections.text]) { try Tokenizer(directory: $0) }
    }

    /// The steps, and the offsets of the text's two last tokens: with special tokens, and without them.
    private static let chains: [([String], [Range<Int32>], [Range<Int32>])] = [
        ([byteLevel], [2..<4, 6..<7], [2..<4, 6..<7]),
        ([template, byteLevel], [2..<4, 6..<7], [2..<4, 6..<7]),
        ([bert, byteLevel], [3..<4, 6..<7], [2..<4, 6..<7]),
        ([roberta, byteLevel], [3..<4, 7..<7], [2..<4, 7..<7]),
        ([roberta, roberta], [3..<4, 7..<7], [2..<4, 7..<7]),
        ([byteLevel, byteLevel], [2..<4, 7..<7], [2..<4, 7..<7]),
    ]

    @Test("The first token keeps its space unless a step has put tokens before it", arguments: chains)
    func firstSpace(steps: [String], special: [Range<Int32>], bare: [Range<Int32>]) throws {
        let tokenizer = try tokenizer(steps)
        for (addsSpecial, expected) in [(true, special), (false, bare)] {
            let count = addsSpecial ? tokenizer.postProcessor.specialTokenCount(isPair: false) : 0
            let options = EncodingOptions(
                addSpecialTokens: addsSpecial,
                truncation: Truncation(maxLength: count + 2, direction: .left)
            )
            let encoding = try tokenizer.encode("x- a- a", options: options)
            let offsets = zip(encoding.offsets, encoding.sequenceIDs).filter { $1 == 0 }.map(\.0)
            #expect(offsets == expected)
        }
    }

    @Test("A token with two spaces at its beginning keeps none, and one with more at its end than there are keeps all")
    func otherSpaces() throws {
        #expect(try tokenizer([byteLevel]).encode("  a-  a").offsets == [2..<3, 6..<7])
        let replace = #"{"type":"Replace","pattern":{"String":"x"},"content":"x   "}"#
        #expect(try tokenizer([byteLevel], normalizer: replace).encode("x").offsets == [0..<1])
    }

    @Test("A template takes what another has made of a text, and only texts of which that is too much are refused")
    func templates() throws {
        let tokenizer = try tokenizer([twice, template])
        #expect(try tokenizer.encode(" a").ids == [4, 2, 4])
        #expect(try tokenizer.exceedsTruncation && self.tokenizer([template, bert]).exceedsTruncation)
        #expect(try !self.tokenizer([template, byteLevel]).exceedsTruncation)
        #expect(throws: TokenizerError.noPairs) { try tokenizer.encode(" a", pair: "x") }
        #expect(throws: TokenizerError.noPairs) {
            try tokenizer.windows(dividing: "x", behind: " a", maxLength: 9)
        }
    }
}
