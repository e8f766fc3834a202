import JSON
import TestSupport
import Testing

@testable import Host
@testable import Inference
@testable import Service

@Suite("KServe's interface, metadata and health")
struct KServeRoutesTests {
    @Test("server and model describe themselves and their tensors")
    func metadata() async throws {
        let service = try TestService.bundled()
        let server = try await service.send("GET", "/v2").json
        #expect(server["name"]?.text == "swiftlet" && server["version"]?.text == SwiftletVersion.current)
        #expect(server["extensions"]?.elements.contains(.string("binary_tensor_data")) == true)
        for path in ["/v2/models/mobilebert-mini", "/v2/models/mobilebert-mini/versions/1"] {
            let model = try await service.send("GET", path).json
            #expect(model["name"]?.text == "mobilebert-mini" && model["versions"] == .array([.string("1")]))
            #expect(model["inputs"]?.elements.map { $0["datatype"]?.text } == ["BYTES"])
            let outputs = try #require(model["outputs"]?.elements)
            #expect(outputs.map { $0["name"]?.text } == ["embedding", "logits", "scores"])
            #expect(outputs.map { $0["shape"]?.numbers } == [[-1, 256], [-1, 2], [-1, 2]])
        }
    }

    @Test("health tells loading and ready apart, for the server and for the model")
    func health() async throws {
        let paths = ["/v2/health/ready", "/v2/models/mobilebert-mini/ready"]
        let loading = TestService.loading()
        #expect(try await loading.send("GET", "/v2/health/live").status == 200)
        for path in paths { #expect(try await loading.send("GET", path).status == 503) }
        let service = try TestService.bundled()
        _ = try await service.post("/embed", #"{"inputs":"a"}"#)
        for path in paths + ["/v2/health/live", "/v2/models/mobilebert-mini/versions/1/ready"] {
            let answer = try await service.send("GET", path)
            #expect(answer.status == 200, "\(path)")
            // KServe's client reads this member; a 200 alone does not mean "yes" to it.
            #expect(try answer.json[path.hasSuffix("live") ? "live" : "ready"] == .boolean(true), "\(answer.text)")
        }
        #expect(try await service.send("GET", paths[1]).json["name"]?.text == "mobilebert-mini")
    }

    @Test("an error names an unsupported datatype and the supported ones, as the protocol writes them")
    func datatypes() async throws {
        let body = #"{"inputs":[{"name":"t","shape":[1],"datatype":"FP32","data":[1.0]}]}"#
        let answer = try await TestService.bundled().send("POST", "/v2/models/mobilebert-mini/infer", body)
        #expect(answer.status == 422)
        let message = #"`datatype` must be one of "BYTES", "INT32", "INT64". Given: "FP32""#
        #expect(try answer.json["error"]?.text == message)
    }

    @Test("a model's name may have slashes that nobody escapes")
    func slashes() async throws {
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.bundled, servedName: "an/other/name"),
            configuration: .patient(workers: 1)
        )
        let service = TestService(inference)
        for path in ["/v2/models/an/other/name", "/v2/models/an%2Fother%2Fname", "/v1/models/an/other/name"] {
            #expect(try await service.send("GET", path).status == 200, "\(path)")
        }
        let body = #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}]}"#
        #expect(try await service.post("/v2/models/an/other/name/infer", body)["model_name"]?.text == "an/other/name")
        await inference.shutDown()
    }

    @Test(
        "another model or version is a 404 that says what there is",
        arguments: [
            "/v2/models/other", "/v2/models/other/ready", "/v2/models/mobilebert-mini/versions/2",
            "/v2/models/mobilebert-mini/config",
        ]
    )
    func unknown(path: String) async throws {
        let answer = try await TestService.bundled().send("GET", path)
        #expect(try answer.status == 404 && answer.json["error"]?.text?.isEmpty == false, "\(answer.text)")
    }
}
