import Inference
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("A sentence-transformers model that does not normalize", .timeLimit(.minutes(10)))
struct SentenceTransformerRoutesTests {
    @Test("answers with vectors of its modules' size, normalized if the interface promises it")
    func dense() async throws {
        try await SentenceTransformerFixture.with("dense") { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: .patient(workers: 1)
            )
            func norm(_ vector: [Float]) -> Float { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            let raw = try await inference.embed([.text("a cat")], options: EmbedOptions()).value[0]
            let service = TestService(inference)
            let answer = try await service.post("/embed", #"{"inputs": "a cat"}"#)
            #expect(answer.rows.first?.map { Float($0) } == raw)
            // Clients of OpenAI and Cohere rely on vectors of length 1.
            let openAI = try await service.post("/v1/embeddings", #"{"input": "a cat"}"#)["data"]?.elements.first
            #expect(abs(norm(openAI?["embedding"]?.numbers.map { Float($0) } ?? []) - 1) < 1e-5)
            let metadata = try await service.send("GET", "/v2/models/\(inference.model.name)", contentType: nil).json
            #expect(metadata["outputs"]?.elements.first?["shape"]?.numbers == [-1, 24])
            let info = try await service.send("GET", "/info", contentType: nil).json
            #expect(info["embedding_size"] == .number("24") && info["normalize"] == .boolean(false))
            await inference.shutDown()
        }
    }
}
