import Foundation
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

/// Folders as people have them, and what transformers answered for them: scripts/make_folder_fixtures.py.
@Suite("A model folder with oddities")
struct ModelFolderTests {
    private static let fixtures = ModelFolder.repository + "/Tests/Fixtures/folders"
    private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: fixtures)) ?? []).sorted()

    private static func recorded(_ name: String) throws -> JSONValue {
        try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: "\(fixtures)/\(name)/expected.json"))))
    }

    @Test("gives transformers' ids, offsets, texts and numbers, and one warning of what is left out", arguments: names)
    func answers(name: String) async throws {
        let recorded = try Self.recorded(name)
        let folder = "\(Self.fixtures)/\(name)"
        guard let questions = recorded["questions"]?.elements else {
            // transformers does not compute with it either.
            #expect(throws: (any Error).self) { try LoadedModel(directory: folder) }
            return
        }
        let model = try LoadedModel(directory: folder, servedName: "m")
        for warning in recorded["warnings"]?.elements ?? [] {
            let part = try #require(warning.text)
            #expect(model.warnings.contains { $0.contains(part) }, "\(part): \(model.warnings)")
        }
        let inference = InferenceService(model: model, configuration: .patient(workers: 1))
        let service = TestService(inference)
        #expect(!questions.isEmpty)
        for question in questions {
            let route = try #require(question["route"]?.text)
            let request = try #require(question["request"])
            var body = JSONWriter()
            body.value(request)
            let answer: JSONValue =
                if request == .null {
                    try await service.send("GET", "/" + route).json
                } else {
                    try await service.post("/" + route, String(decoding: body.bytes, as: UTF8.self))
                }
            let difference = AnswerDifference.find(answer, try #require(question["expected"]))
            let start = String(decoding: body.bytes.prefix(300), as: UTF8.self)
            #expect(difference == nil, "\(difference ?? ""): \(route) \(start)")
        }
        await inference.shutDown()
    }

    @Test("is among the fixtures for each family and each head")
    func coverage() throws {
        let parts = Self.names.map { $0.split(separator: "-") }
        #expect(Set(parts.map { $0[1] }) == ["bert", "distilbert", "mobilebert"])
        let heads = Set(parts.map { $0[2] })
        #expect(
            heads.isSuperset(of: [
                "base", "sequence", "tokens", "answers", "masked", "next", "pretraining", "choice", "sentences",
            ])
        )
    }
}
