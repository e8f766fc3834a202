import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// A tokenizer of random parts, and what `tokenizers` makes with it: a line of scripts/make_pipeline_fixtures.py.
private struct Pipeline: Decodable {
    struct Decoding: Decodable {
        var ids: [Int32]
        var skipSpecialTokens: Bool
        var text: String
    }

    var name: String
    /// The whole tokenizer.json.
    var tokenizer: String
    var cases: [ReferenceCase]
    var decoded: [Decoding]

    static func read(_ file: URL) throws -> [Pipeline] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: file).split(separator: 0x0A).map { try decoder.decode(Pipeline.self, from: $0) }
    }

    /// Compares everything. The name of the pipeline stands in each failure.
    func check() throws {
        let tokenizer = try TestFiles.withDirectory(["tokenizer.json": tokenizer]) { try Tokenizer(directory: $0) }
        for reference in cases { try reference.check(tokenizer, of: name) }
        for reference in decoded {
            let text = try tokenizer.decode(reference.ids, skipSpecialTokens: reference.skipSpecialTokens)
            #expect(text.utf8.elementsEqual(reference.text.utf8), "\(name): \(reference.ids) became \(text)")
        }
    }
}

@Suite("Tokenizers of any parts agree with Hugging Face's tokenizers 0.23.3")
struct PipelineTests {
    private static let fixture = TestFiles.fixtures.appending(path: "pipelines.jsonl")

    @Test("220 random tokenizers give the reference's ids, segment ids, offsets, masks and decoded texts")
    func pipelines() throws {
        let pipelines = try Pipeline.read(Self.fixture)
        #expect(pipelines.count == 220)
        #expect(pipelines.reduce(0) { $0 + $1.cases.count } >= 800)
        for pipeline in pipelines { try pipeline.check() }
    }

    @Test(
        "So do all tokenizers of the file that SWIFTLET_PIPELINES names",
        .enabled(if: ProcessInfo.processInfo.environment["SWIFTLET_PIPELINES"] != nil, "SWIFTLET_PIPELINES is not set")
    )
    func furtherPipelines() throws {
        let path = try #require(ProcessInfo.processInfo.environment["SWIFTLET_PIPELINES"])
        for pipeline in try Pipeline.read(URL(fileURLWithPath: path)) {
            do { try pipeline.check() } catch { Issue.record(error, "\(pipeline.name)") }
        }
    }

    @Test("No text makes a tokenizer of any parts crash, and every offset lies in its text")
    func hostileTexts() throws {
        var generator = SeededGenerator(seed: 3)
        for pipeline in try Pipeline.read(Self.fixture) {
            let tokenizer = try TestFiles.withDirectory(["tokenizer.json": pipeline.tokenizer]) {
                try Tokenizer(directory: $0)
            }
            let text = RandomText.make(using: &generator)
            let encoding = try tokenizer.encode(text)
            for range in encoding.offsets { #expect(Int(range.upperBound) <= text.utf8.count, "\(pipeline.name)") }
        }
    }
}

@Suite("Regular expressions")
struct RegularExpressionTests {
    private func matches(_ pattern: String, _ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        let expression = try RegularExpression(pattern)
        return try expression.matches(in: bytes.span, 0..<bytes.count).map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
    }

    @Test("Matches are found from left to right, in scalars; an empty one right behind another does not count")
    func finding() throws {
        #expect(try matches(#"\d+"#, "a12é3") == ["12", "3"])
        #expect(try matches("b*", "abbé") == ["", "bb", ""])
        #expect(try matches(".", "e\u{301}").map { Array($0.unicodeScalars) } == [["e"], ["\u{301}"]])
        #expect(try matches("(?<=a)b|c(?=d)", "ab b cd c") == ["b", "c"])
    }

    @Test("A part of a text is a whole text to the expression")
    func parts() throws {
        let bytes = Array("xaab".utf8)
        let found = try RegularExpression("^a|(?<=x)a").matches(in: bytes.span, 1..<4)
        #expect(found == [1..<2])
    }

    @Test("Symbols are punctuation, as in the version of the library that tokenizers has")
    func punctuation() throws {
        #expect(try matches("[[:punct:]]", "a$b+c.") == ["$", "+", "."])
    }

    @Test("A wrong pattern is refused with the library's reason")
    func wrongPatterns() {
        let reason = "end pattern with unmatched parenthesis"
        #expect(throws: RegularExpression.Failure.wrongPattern(reason)) { try RegularExpression("(") }
        #expect(throws: RegularExpression.Failure.self) { try RegularExpression(#"\p{Nothing}"#) }
    }

    @Test("A search that would take very long is given up with an error")
    func expensivePatterns() throws {
        let pattern = "(a|aa)+$"
        let bytes = Array((String(repeating: "a", count: 100) + "b").utf8)
        let expression = try RegularExpression(pattern)
        #expect(throws: TokenizerError.patternTooExpensive(pattern)) {
            try expression.matches(in: bytes.span, 0..<bytes.count)
        }
    }

    @Test("Several threads may search with one expression")
    func threads() async throws {
        let expression = try RegularExpression(#"\w+"#)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for count in 1...64 {
                group.addTask {
                    let bytes = Array(String(repeating: "wörd ", count: count).utf8)
                    return try expression.matches(in: bytes.span, 0..<bytes.count).count - count
                }
            }
            for try await difference in group { #expect(difference == 0) }
        }
    }
}
