import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

/// Compares answers with those of Hugging Face's pipelines, models and tokenizers, recorded by
/// scripts/make_task_references.py.
@Suite("Tasks answer as Hugging Face's pipelines do")
struct TaskReferenceTests {
    private static let folder = ModelFolder.repository + "/Tests/Fixtures/tasks"

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test(
        "each answer has the reference's shape, words and numbers",
        arguments: ["fill_mask", "next_sentence", "multiple_choice", "zero_shot", "classify", "embed_all"]
    )
    func answers(route: String) async throws {
        let cases = try JSONParser.parse(Array(text(Self.folder + "/expected.json").utf8)).elements
            .filter { $0["route"]?.text == route }
        #expect(!cases.isEmpty)
        for reference in cases {
            let source = ModelFolder.fixture(try #require(reference["model"]?.text))
            var files = ["vocab.txt": try text(Self.folder + "/vocab.txt")]
            if let changes = reference["config"] {
                files["config.json"] = try changed(try text(source + "/config.json"), by: changes)
            }
            let request = try #require(reference["request"])
            var body = JSONWriter()
            body.value(request)
            let bytes = body.bytes
            try await TestModels.with(modelOf: source, files) { service in
                let answer = try await service.post("/" + route, String(decoding: bytes, as: UTF8.self))
                let expected = try #require(reference["expected"])
                let fault = route == "zero_shot" ? labels(answer, expected) : AnswerDifference.find(answer, expected)
                #expect(fault == nil, "\(fault ?? ""): \(String(decoding: bytes.prefix(300), as: UTF8.self))")
            }
        }
    }

    /// A config.json with other values of some keys.
    private func changed(_ config: String, by changes: JSONValue) throws -> String {
        var writer = JSONWriter()
        guard case .object(let old) = try JSONParser.parse(Array(config.utf8)), case .object(let new) = changes else {
            return config
        }
        writer.object { writer in
            for member in old.members where new[member.key] == nil && member.key != "label2id" {
                writer.key(member.key)
                writer.value(member.value)
            }
            for member in new.members {
                writer.key(member.key)
                writer.value(member.value)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The place of a difference in labels with scores. Labels with nearly equal scores may be in another order.
    private func labels(_ answer: JSONValue, _ expected: JSONValue) -> String? {
        if case .array(let elements) = expected {
            guard answer.elements.count == elements.count else { return "count" }
            return zip(answer.elements, elements).compactMap { labels($0, $1) }.first
        }
        func scores(_ value: JSONValue) -> [(String, Double)] {
            let names = (value["labels"]?.elements ?? []).map { $0.text ?? "" }
            return Array(zip(names, value["scores"]?.numbers ?? []))
        }
        let (given, wanted) = (scores(answer), scores(expected))
        if answer["sequence"] != expected["sequence"] || given.count != wanted.count { return "sequence or count" }
        if zip(given, given.dropFirst()).contains(where: { $0.1 < $1.1 }) { return "not sorted: \(given)" }
        for (label, score) in wanted {
            guard let found = given.first(where: { $0.0 == label }), abs(found.1 - score) < 1e-6 else {
                return "\(label): \(score) in \(given)"
            }
        }
        return nil
    }
}
