import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

/// The answers of transformers' pipelines to questions and for tokens (scripts/make_span_fixtures.py).
enum SpanReferences {
    private static let fixtures = ModelFolder.repository + "/Tests/Fixtures"

    /// Calls `body` with a service on a fixture model that has one of the tasks' vocabularies.
    static func with(
        model: String,
        vocabulary: String = "vocab",
        _ body: (TestService) async throws -> Void
    ) async throws {
        let files = [
            "vocab.txt": try String(contentsOfFile: fixtures + "/tasks/\(vocabulary).txt", encoding: .utf8),
            "tokenizer_config.json": #"{"do_lower_case": \#(vocabulary == "vocab")}"#,
        ]
        try await TestModels.with(modelOf: fixtures + "/models/" + model, files, body)
    }

    /// Sends a route's requests to the models, and compares the answers.
    static func check(route: String) async throws {
        let file = try Data(contentsOf: URL(filePath: fixtures + "/tasks/spans.json"))
        let cases = try JSONParser.parse(Array(file)).elements.filter { $0["route"]?.text == route }
        let models = Set(cases.map { [$0["model"]?.text ?? "", $0["vocabulary"]?.text ?? ""] })
        #expect(models.count == 4)
        for model in models {
            try await with(model: model[0], vocabulary: model[1]) { service in
                for reference in cases where [reference["model"]?.text, reference["vocabulary"]?.text] == model {
                    var writer = JSONWriter()
                    writer.value(try #require(reference["request"]))
                    let body = String(decoding: writer.bytes, as: UTF8.self)
                    let answer = try await service.post("/" + route, body)
                    let expected = try #require(reference["expected"])
                    #expect(difference(answer, expected) == nil, "\(model): \(body.prefix(200))")
                }
            }
        }
    }

    /// The place where two documents differ; nil if they do not. Numbers differ if they are more than a 10,000th of the
    /// expected number apart.
    private static func difference(_ found: JSONValue, _ expected: JSONValue, at place: String = "$") -> String? {
        switch (found, expected) {
        case (.array(let found), .array(let expected)):
            guard found.count == expected.count else { return "\(place): \(found.count), not \(expected.count)" }
            return zip(found, expected).enumerated().lazy.compactMap { index, pair in
                difference(pair.0, pair.1, at: "\(place)[\(index)]")
            }.first
        case (.object(let found), .object(let expected)):
            let keys = expected.members.map(\.key)
            guard found.members.map(\.key) == keys else { return "\(place): keys \(found.members.map(\.key))" }
            return keys.lazy.compactMap { key in
                difference(found[key] ?? .null, expected[key] ?? .null, at: "\(place).\(key)")
            }.first
        case (.number, .number):
            let (found, expected) = (found.double ?? .nan, expected.double ?? .nan)
            return abs(found - expected) <= 1e-4 * max(abs(expected), 1e-3)
                ? nil : "\(place): \(found), not \(expected)"
        default:
            return found == expected ? nil : "\(place): \(found), not \(expected)"
        }
    }
}
