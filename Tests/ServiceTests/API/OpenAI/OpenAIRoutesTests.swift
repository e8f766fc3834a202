import Foundation
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("OpenAI's interface")
struct OpenAIRoutesTests {
    @Test("each form of `input` gives the vectors of /embed, in OpenAI's envelope", arguments: ["/v1", ""])
    func embeddings(prefix: String) async throws {
        let service = try TestService.bundled()
        for (input, inputs) in [
            (#""good""#, #""good""#), (#"["good","bad"]"#, #"["good","bad"]"#),
            (#"[{"text":"good"},"bad"]"#, #"["good","bad"]"#), (#"{"text":"good"}"#, #"["good"]"#),
            ("[101,2204,102]", "[[101,2204,102]]"), ("[[101,2204.0,102],[101,102]]", "[[101,2204,102],[101,102]]"),
        ] {
            let body = #"{"input":\#(input),"model":"any","user":"one","encoding_format":"float","dimensions":0}"#
            let answer = try await service.post(prefix + "/embeddings", body)
            let expected = try await service.post("/embed", #"{"inputs":\#(inputs)}"#).rows
            let data = try #require(answer["data"]?.elements)
            #expect(data.map { $0["embedding"]?.numbers } == expected)
            #expect(data.map { $0["index"]?.integer } == Array(0..<expected.count))
            #expect(answer["object"]?.text == "list" && data[0]["object"]?.text == "embedding")
            #expect(answer["model"]?.text == "mobilebert-mini")
            let tokens = answer["usage"]?["prompt_tokens"]?.integer
            #expect(tokens == answer["usage"]?["total_tokens"]?.integer && (tokens ?? 0) >= 3)
        }
    }

    @Test("base64 is that of little-endian floats; dimensions cut")
    func base64() async throws {
        let service = try TestService.bundled()
        let body = #"{"input":"good","model":"m","encoding_format":"base64","dimensions":4}"#
        let text = try await service.post("/v1/embeddings", body)["data"]?.elements[0]["embedding"]?.text
        // Jina's name for it.
        let jina = #"{"input":[{"text":"good"}],"model":"m","embedding_type":"base64","dimensions":4}"#
        #expect(try await service.post("/v1/embeddings", jina)["data"]?.elements[0]["embedding"]?.text == text)
        let bytes = [UInt8](try #require(Data(base64Encoded: text ?? "")))
        let vector = try await service.post("/embed", #"{"inputs":"good","dimensions":4}"#).rows[0]
        #expect(bytes.count == 16)
        for (index, value) in vector.enumerated() {
            let bits = bytes[index * 4..<index * 4 + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            #expect(Float(bitPattern: bits) == Float(value))
        }
    }

    @Test("models are listed and found by name, with the fields that Infinity's client reads")
    func models() async throws {
        let service = try TestService.bundled()
        for path in ["/v1/models", "/models"] {
            let list = try await service.send("GET", path).json
            let model = try #require(list["data"]?.elements.first)
            #expect(list["object"]?.text == "list" && model["id"]?.text == "mobilebert-mini")
            #expect(model["object"]?.text == "model" && model["owned_by"]?.text == "infinity")
            #expect(model["created"]?.integer.map { $0 > 1_700_000_000 } == true)
            // Other tests may have texts in the queue.
            #expect(model["stats"]?["queue_fraction"]?.double.map { (0...1).contains($0) } == true)
            let one = try await service.send("GET", path + "/mobilebert-mini")
            #expect(try one.status == 200 && one.json["id"] == model["id"])
        }
        let unknown = try await service.send("GET", "/v1/models/an/other")
        #expect(unknown.status == 404)
        #expect(try unknown.json["error"]?["code"]?.text == "model_not_found")
    }

    @Test(
        "an error is an object with message, type, param and code",
        arguments: [
            (#"{"input":[]}"#, 400, "invalid_request_error"), (#"{"model":"m"}"#, 400, "invalid_request_error"),
            (#"{"input":"a","dimensions":-1}"#, 400, "invalid_request_error"),
            (#"{"input":"a","encoding_format":"hex"}"#, 400, "invalid_request_error"),
            (#"{"input":[{"image":"a"}]}"#, 400, "invalid_request_error"),
            (#"{"input":"a","model":7}"#, 400, "invalid_request_error"), ("{", 400, "invalid_request_error"),
        ]
    )
    func errors(_ body: String, status: Int, type: String) async throws {
        let answer = try await TestService.bundled().send("POST", "/v1/embeddings", body)
        let error = try #require(try answer.json["error"])
        #expect(answer.status == status && error["type"]?.text == type, "\(answer.text)")
        #expect(error["message"]?.text?.isEmpty == false && error["param"] == .null && error["code"] == .null)
    }

    @Test("errors after which a retry makes sense say so in type, code and Retry-After")
    func retries() async throws {
        let loading = try await TestService.loading().send("POST", "/v1/embeddings", #"{"input":"a"}"#)
        #expect(loading.status == 503 && loading.fields[.retryAfter] != nil)
        #expect(try loading.json["error"]?["type"]?.text == "server_error")
        let overload = ErrorShape.openAI.body(ServiceError(429, .overloaded, "later"))
        let error = try JSONParser.parse(overload)["error"]
        #expect(error?["type"]?.text == "requests" && error?["code"]?.text == "rate_limit_exceeded")
        let key = try JSONParser.parse(ErrorShape.openAI.body(ServiceError(401, .validation, "no")))["error"]
        #expect(key?["code"]?.text == "invalid_api_key")
    }
}
