import Foundation
import JSON
import TestSupport
import Testing

@testable import Inference

/// Compares texts with marks and selectors with what transformers makes of them (`scripts/make_text_fixtures.py`).
@Suite("Texts with combining marks")
struct TextReferenceTests {
    private func cases(_ key: String) throws -> [[JSONValue]] {
        let path = ModelFolder.repository + "/Tests/Fixtures/tasks/texts.json"
        let fixture = try JSONParser.parse(Array(try Data(contentsOf: URL(filePath: path))))
        let cases = try #require(fixture[key]).elements.map(\.elements)
        #expect(cases.count > 20)
        return cases
    }

    @Test("are divided into labels as by the zero-shot pipeline")
    func labels() throws {
        for value in try cases("labels") {
            let text = try #require(value[0].text)
            let labels = ZeroShotOptions.labels(separatedByCommas: text)
            #expect(.array(labels.map(JSONValue.string)) == value[1], "\(text.debugDescription)")
        }
    }

    @Test("are hypotheses as by the zero-shot pipeline")
    func hypotheses() throws {
        for value in try cases("hypotheses") {
            let label = try #require(value[1].text)
            var options = ZeroShotOptions(labels: [label])
            options.hypothesisTemplate = try #require(value[0].text)
            #expect(JSONValue.string(try options.hypothesis(of: label)) == value[2])
        }
    }

    @Test("are labels of entities, and their kinds, as by the token classification pipeline")
    func tags() throws {
        for value in try cases("tags") {
            let label = try #require(value[0].text)
            let (isBeginning, tag) = EntityAggregation.parts(of: label)
            #expect(JSONValue.string(isBeginning ? "B" : "I") == value[1], "\(label.debugDescription)")
            #expect(JSONValue.string(String(tag)) == value[2], "\(label.debugDescription)")
            let aggregation = EntityAggregation(strategy: .simple, labels: [label]) { $0.joined() }
            let token = ScoredToken(word: "a", index: 0, start: 0, end: 1, isSubword: false, scores: [1])
            #expect(JSONValue.string(aggregation.entities(of: [token])[0].label) == value[3])
        }
    }

    @Test("are other entities where the encoding of their label differs")
    func encodings() {
        let aggregation = EntityAggregation(strategy: .simple, labels: ["\u{E9}", "e\u{301}"]) { $0.joined() }
        let tokens = [[1, 0], [0, 1]].map { scores in
            ScoredToken(word: "a", index: 0, start: 0, end: 1, isSubword: false, scores: scores)
        }
        #expect(aggregation.entities(of: tokens).count == 2)
    }
}
