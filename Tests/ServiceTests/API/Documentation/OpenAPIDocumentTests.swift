import HTTPProtocol
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Host
@testable import Inference
@testable import Service

@Suite("The OpenAPI document")
struct OpenAPIDocumentTests {
    private func template() throws -> JSONValue { try JSONParser.parse(PackageResources.openapi_json) }

    private func keys(_ value: JSONValue?) -> [String] {
        if case .object(let members)? = value { members.members.map(\.key) } else { [] }
    }

    /// Every string in a document, keys too, with whether it is a reference.
    private func strings(_ value: JSONValue, isReference: Bool = false) -> [(text: String, isReference: Bool)] {
        switch value {
        case .string(let text): [(text, isReference)]
        case .array(let elements): elements.flatMap { strings($0) }
        case .object(let members):
            members.members.flatMap { [($0.key, false)] + strings($0.value, isReference: $0.key == "$ref") }
        default: []
        }
    }

    @Test("describes every path of every route, and no other")
    func routes() async throws {
        let service = try TestService.bundled()
        let paths = try #require(try await service.send("GET", "/openapi.json").json["paths"])
        #expect(keys(paths) == RouteTable.service.paths)
        let items = try #require(try template()["paths"])
        for path in RouteTable.service.paths {
            for (method, main) in RouteTable.service.operations(on: path) {
                #expect((items[path]?[method] ?? items[main]?[method]) != nil, "\(method) \(path)")
            }
        }
        for path in keys(items) {
            let methods = RouteTable.service.operations(on: path).map(\.method)
            for method in keys(items[path]) { #expect(methods.contains(method), "\(method) \(path) is no route's") }
        }
    }

    @Test("is made off the event loop, when it is first asked for; before there is a model, nothing is")
    func firstRequest() async throws {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/openapi.json")
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            guard case .work(let work) = service.handler.reply(to: Request(head: head), Arrival()) else {
                Issue.record("made on the event loop")
                return
            }
            let answer = await work.run()
            #expect(answer.head.status.code == 200 && answer.record != nil)
        }
        guard case .answer(let answer) = ServiceHandler().reply(to: Request(head: head), Arrival()) else {
            Issue.record("work without a model")
            return
        }
        #expect(answer.head.status.code == 503)
    }

    @Test("leaves out operations that the model cannot do, and gives its limits")
    func model() async throws {
        let bundled = try await TestService.bundled().send("GET", "/api-doc/openapi.json").json
        #expect(keys(bundled["paths"]?["/rerank"]).isEmpty && keys(bundled["paths"]?["/classify"]) == ["post"])
        #expect(bundled["info"]?["version"]?.text == SwiftletVersion.current)
        let schemas = try #require(bundled["components"]?["schemas"])
        #expect(schemas["TokenID"]?["maximum"]?.integer == 30521)
        #expect(schemas["EmbedRequest"]?["properties"]?["dimensions"]?["maximum"]?.integer == 256)
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            let paths = try await service.send("GET", "/openapi.json").json["paths"]
            for path in ["/rerank", "/v1/rerank", "/v2/rerank"] { #expect(keys(paths?[path]) == ["post"], "\(path)") }
        }
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.withoutVocabulary),
            configuration: .patient(workers: 1)
        )
        let idsOnly = try await TestService(inference).send("GET", "/openapi.json").json
        #expect(idsOnly["components"]?["schemas"]?["Text"] == .boolean(false))
        for path in ["/classify", "/tokenize", "/v2/embed"] {
            let operations = keys(idsOnly["paths"]?[path])
            #expect(operations.isEmpty)
        }
        await inference.shutDown()
    }

    @Test("has each thing that it refers to, and nothing left of the template's signs")
    func references() async throws {
        let document = try await TestService.bundled().send("GET", "/openapi.json").json
        for (text, isReference) in strings(document) {
            #expect(!text.hasPrefix("@") && text != "x-needs", "\(text)")
            guard isReference else { continue }
            let steps = text.split(separator: "/").dropFirst().map(String.init)
            #expect(steps.reduce(document as JSONValue?) { $0?[$1] } != nil, "\(text)")
        }
    }

    @Test("is made when there is a model")
    func loading() async throws {
        #expect(try await TestService.loading().send("GET", "/openapi.json").status == 503)
    }
}
