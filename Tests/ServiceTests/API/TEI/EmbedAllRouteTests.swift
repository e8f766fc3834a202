import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("/embed_all")
struct EmbedAllRouteTests {
    @Test("without options gives the last hidden state, which is the last of all hidden states")
    func lastHiddenState() async throws {
        try await TestModels.with(modelOf: ModelFolder.withoutVocabulary) { service in
            let plain = try await service.post("/embed_all", #"{"inputs":["a film","good"]}"#).elements
            #expect(plain.map { $0.elements.count } == [4, 3] && plain[0].rows[0].count == 64)
            let named = #"{"inputs":["a film","good"],"output":"last_hidden_state"}"#
            #expect(try await service.post("/embed_all", named).elements == plain)
            let last = try await service.post("/embed_all", #"{"inputs":["a film","good"],"layers":-1}"#).elements
            #expect(last.map { $0.elements } == plain.map { [$0] })
            let all = try await service.post("/embed_all", #"{"inputs":["a film","good"],"layers":"all"}"#).elements
            #expect(all.map { $0.elements.count } == [4, 4], "the embeddings' output and three layers'")
            let states = #"{"inputs":["a film","good"],"output":"hidden_states"}"#
            #expect(try await service.post("/embed_all", states).elements == all)
            #expect(all.map { $0.elements[3] } == plain)
            let beside = #"{"inputs":["a film","good"],"output":"last_hidden_state","layers":[0]}"#
            #expect(try await service.post("/embed_all", beside).elements == plain, "layers are hidden states' alone")
        }
    }

    @Test(
        "refuses layers and outputs that the model does not have",
        arguments: [
            #""layers":[4]"#, #""layers":[-5]"#, #""layers":[]"#, #""layers":"some""#,
            #""output":"logits""#,
        ]
    )
    func refused(_ options: String) async throws {
        try await TestModels.with(modelOf: ModelFolder.withoutVocabulary) { service in
            let answer = try await service.send("POST", "/embed_all", #"{"inputs":"a",\#(options)}"#)
            #expect(answer.status == 422, "\(answer.text)")
        }
    }

    @Test("counts each layer's vectors against the limit of an answer")
    func limit() async throws {
        let limited = { (configuration: inout InferenceConfiguration) in configuration.maxTokenVectorsPerRequest = 8 }
        try await TestModels.with(modelOf: ModelFolder.withoutVocabulary, change: limited) { service in
            #expect(try await service.post("/embed_all", #"{"inputs":"a film","layers":[0,1]}"#).elements.count == 1)
            let answer = try await service.send("POST", "/embed_all", #"{"inputs":"a film","layers":[0,1,2]}"#)
            #expect(answer.status == 422 && answer.text.contains("12"))
        }
    }
}
