import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("Calibrated scores")
struct CalibratedScoresTests {
    private static let temperature = 2.5

    /// Calls `body` with a service on a classifier whose config.json has a temperature.
    private static func with(_ model: String, _ body: (TestService) async throws -> Void) async throws {
        let file = try String(contentsOf: URL(filePath: model + "/config.json"), encoding: .utf8)
        let start = try #require(file.firstIndex(of: "{"))
        let key = "\"calibration_temperature\": \(temperature),"
        let changed = "{" + key + file[file.index(after: start)...]
        try await TestModels.with(modelOf: model, ["config.json": changed], body)
    }

    private static func softmax(_ logits: [Double]) -> [Double] {
        let sum = logits.reduce(0) { $0 + exp($1) }
        return logits.map { exp($0) / sum }
    }

    @Test("each interface divides logits by the temperature when it is asked to, and only then")
    func interfaces() async throws {
        try await Self.with(ModelFolder.bundled) { service in
            let body = #"{"inputs":"good","calibrated":true}"#
            let labels = try await service.post("/classify", body).elements[0].elements
            let logits = labels.map { $0["logit"]?.double ?? .nan }
            let right = Self.softmax(logits.map { $0 / Self.temperature })
            func check(_ scores: [Double?], _ expected: [Double], _ name: String) {
                #expect(scores.count == expected.count)
                for (a, b) in zip(scores, expected) { #expect(abs((a ?? .nan) - b) < 1e-6, "\(name)") }
            }
            check(labels.map { $0["score"]?.double }, right, "/classify")
            let nested = #"{"inputs":"good","parameters":{"calibrated":true}}"#
            let root = try await service.post("/", nested).elements[0].elements
            check(root.map { $0["score"]?.double }, right, "/ with parameters")
            for path in ["/predict", "/"] {
                check(try await service.post(path, body).elements.map { $0["score"]?.double }, right, path)
            }
            let infinity = try await service.post("/classify", #"{"input":["good"],"calibrated":true}"#)["data"]
            check(infinity?.elements[0].elements.map { $0["score"]?.double } ?? [], right, "Infinity")
            let tensor = #"{"name":"text","datatype":"BYTES","shape":[1],"data":["good"]}"#
            let models = try await service.send("GET", "/v1/models").json
            let name = models["data"]?.elements.first?["id"]?.text ?? ""
            let infer = try await service.post(
                "/v2/models/\(name)/infer",
                #"{"inputs":[\#(tensor)],"outputs":[{"name":"scores"}],"parameters":{"calibrated":true}}"#
            )
            let values = infer["outputs"]?.elements[0]["data"]?.elements.map { $0.double ?? .nan } ?? []
            check(values.sorted(by: >), right, "KServe")
            for plain in [#"{"inputs":"good"}"#, #"{"inputs":"good","calibrated":false}"#] {
                let scores = try await service.post("/classify", plain).elements[0].elements.map { $0["score"]?.double }
                check(scores, Self.softmax(logits), plain)
            }
            let own = #"{"inputs":"good","calibrated":true,"function_to_apply":"softmax"}"#
            check(try await service.post("/classify", own).elements[0].elements.map { $0["score"]?.double }, right, own)
        }
    }

    @Test("a model with sets of labels has the sigmoids of the logits over the temperature")
    func multiLabel() async throws {
        try await Self.with(ModelFolder.multiLabel) { service in
            let labels = try await service.post("/classify", #"{"inputs":"good","calibrated":true}"#).elements[0]
            for label in labels.elements {
                let logit = label["logit"]?.double ?? .nan
                #expect(abs((label["score"]?.double ?? .nan) - 1 / (1 + exp(-logit / Self.temperature))) < 1e-6)
            }
        }
    }

    @Test("a model without a temperature, a regression and another function are refused with what to do")
    func refusals() async throws {
        let body = #"{"inputs":"good","calibrated":true}"#
        let plain = try await TestService.bundled().send("POST", "/classify", body)
        #expect(plain.status == 424 && plain.text.contains("swiftlet fit"), "\(plain.text)")
        try await Self.with(ModelFolder.regression) { service in
            let regression = try await service.send("POST", "/predict", body)
            #expect(regression.status == 424 && regression.text.contains("regression"), "\(regression.text)")
        }
        try await Self.with(ModelFolder.bundled) { service in
            for option in [#""raw_scores":true"#, #""function_to_apply":"sigmoid""#] {
                let answer = try await service.send(
                    "POST",
                    "/classify",
                    #"{"inputs":"a","calibrated":true,\#(option)}"#
                )
                #expect(answer.status == 422 && answer.text.contains("softmax"), "\(answer.text)")
            }
            let wrong = try await service.send("POST", "/classify", #"{"inputs":"a","calibrated":"yes"}"#)
            #expect(wrong.status == 422 && wrong.text.contains("calibrated"), "\(wrong.text)")
        }
    }

    @Test("the OpenAPI document offers calibrated scores where the model has them, and not beside another function")
    func document() async throws {
        func schemas(_ service: TestService) async throws -> [JSONValue?] {
            let all = try await service.send("GET", "/openapi.json").json["components"]?["schemas"]
            return ["ClassifyRequest", "PredictRequest", "InfinityClassifyRequest"].map { all?[$0] }
        }
        try await Self.with(ModelFolder.bundled) { service in
            let offered = try await schemas(service)
            for schema in offered { #expect(schema?["properties"]?["calibrated"] != nil && schema?["not"] != nil) }
            let function = offered[0]?["not"]?["anyOf"]?.elements[1]["properties"]?["function_to_apply"]
            #expect(function?["enum"]?.elements.map(\.text) == ["none", "sigmoid"])
        }
        for schema in try await schemas(TestService.bundled()) {
            #expect(schema?["properties"]?["raw_scores"] != nil)
            #expect(schema?["properties"]?["calibrated"] == nil && schema?["not"] == nil)
        }
        try await Self.with(ModelFolder.regression) { service in
            let regression = try await schemas(service)[0]
            #expect(regression?["properties"]?["raw_scores"] != nil)
            #expect(regression?["properties"]?["calibrated"] == nil)
        }
    }
}
