import Encoder
import LinearAlgebra
import TestSupport
import Testing

@testable import Inference

@Suite("The engine in the service", .timeLimit(.minutes(10)))
struct EncoderEngineTests {
    private func service(_ engine: ComputeOptions, workers: Int = 2) throws -> InferenceService {
        InferenceService(
            model: try LoadedModel(directory: ModelFolder.bundled, engine: engine),
            configuration: InferenceConfiguration(workers: workers)
        )
    }

    /// Texts of 3 to 400 tokens, in no order.
    private let inputs = [40, 1, 300, 3, 97, 398, 12, 60].map { words in
        TextInput.text((0..<words).map { "film\($0 % 7)" }.joined(separator: " "))
    }

    @Test(
        "gives a text the same bits alone, on all workers, as in a batch on one",
        arguments: [(.float32, .auto), (.bfloat16, .auto), (.int8, .auto), (.int8, .scalar)] as [(DataType, Backend)]
    )
    func sameBits(dtype: DataType, backend: Backend) async throws {
        let (one, three) = try (
            service(ComputeOptions(dataType: dtype, backend: backend), workers: 1),
            service(ComputeOptions(dataType: dtype, backend: backend), workers: 3)
        )
        guard one.model.encoder.engine.backend != "openblas" else { return }
        let together = try await one.embed(inputs, options: EmbedOptions()).value
        #expect(try await three.embed(inputs.reversed(), options: EmbedOptions()).value == together.reversed())
        for (input, vector) in zip(inputs, together) {
            #expect(try await three.embed([input], options: EmbedOptions()).value == [vector])
        }
        await one.shutDown()
        await three.shutDown()
    }

    @Test("splits a batch over as many threads as find enough to do, at least one")
    func teamSize() throws {
        let bundled = EncoderEngine(model: try LoadedModel(directory: ModelFolder.bundled).encoder, workers: 2)
        #expect(bundled.teamSize(tokens: 1) == 1)
        #expect(bundled.teamSize(tokens: 9) == 1)
        #expect(bundled.teamSize(tokens: 512) > 1)
    }

    @Test("refuses what no machine can do before a model is read, and what this one cannot")
    func refusals() throws {
        let openBLAS = ComputeOptions(dataType: .int8, backend: .openblas)
        #expect(openBLAS.conflict?.contains("float32 only") == true)
        #expect(throws: BackendError.unsupportedDataType(.int8, .openblas)) { try openBLAS.check() }
        #expect(ComputeOptions(dataType: .int8).conflict == nil)
        try ComputeOptions(dataType: .bfloat16, backend: .scalar).check()
        #if arch(x86_64)
        let foreign = try #require(Backend(rawValue: "neon"))
        #else
        let foreign = try #require(Backend(rawValue: "avx2"))
        #endif
        let error = #expect(throws: BackendError.self) {
            try ComputeOptions(dataType: .float32, backend: foreign).check()
        }
        let message = try #require(error).description
        #expect(message.contains(foreign.rawValue) && message.contains("auto, ") && message.contains("scalar"))
    }
}
