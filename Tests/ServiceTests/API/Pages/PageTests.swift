import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import TLS
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("Pages for people")
struct PageTests {
    private func handler(_ change: (inout ServiceConfiguration) -> Void = { _ in }) throws -> ServiceHandler {
        var settings = ServiceConfiguration()
        change(&settings)
        return ServiceHandler(edge: try Edge(settings, listedKeys: ["one"]))
    }

    /// The answer to a request without a body.
    private func answer(
        _ handler: ServiceHandler,
        _ path: String,
        accept: String? = nil,
        key: String? = nil,
        method: HTTPRequest.Method = .get
    ) throws -> Response {
        var fields: HTTPFields = [:]
        fields[.accept] = accept
        fields[.authorization] = key.map { "Bearer \($0)" }
        let head = HTTPRequest(method: method, scheme: "http", authority: "a", path: path, headerFields: fields)
        guard case .answer(let response) = handler.reply(to: Request(head: head), Arrival()) else {
            throw ServiceError(500, .backend, "\(path) is work")
        }
        return response
    }

    private func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    private static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"

    @Test(
        "at the root, those who prefer HTML to JSON get the playground, and all others what they got before",
        arguments: [
            (browser, true), ("text/html", true), ("text/*", true), ("TEXT/HTML", true),
            ("application/json;q=0.5, text/html", true), ("text/html;q=0.6, */*;q=0.5", true),
            (nil, false), ("", false), ("*/*", false), ("application/json", false),
            ("application/json, text/html", false), ("text/html;q=0.5, application/json", false),
            ("text/html;q=0", false), ("text/html;q=0.4, */*;q=0.5", false), ("text/html;q=2", false),
            ("text/htmlx", false),
        ] as [(String?, Bool)]
    )
    func negotiation(accept: String?, isPage: Bool) throws {
        let service = try TestService.bundled()
        for method in [HTTPRequest.Method.get, .head] {
            let response = try answer(service.handler, "/", accept: accept, method: method)
            #expect(response.head.status.code == 200)
            let type = isPage ? "text/html; charset=utf-8" : "application/json"
            #expect(response.head.headerFields[.contentType] == type)
            if isPage {
                #expect(response.head.headerFields[.vary]?.contains("Accept") == true)
            } else {
                #expect(text(response) == #"{"status":"ok","ready":true}"#)
            }
        }
    }

    @Test("/playground is the same page, also while the model is loading, and takes GET and HEAD")
    func playground() async throws {
        let page = try answer(ServiceHandler(), "/playground")
        #expect(page.head.status.code == 200)
        #expect(text(page) == text(try answer(ServiceHandler(), "/", accept: Self.browser)))
        #expect(try answer(ServiceHandler(), "/").head.status.code == 503)
        let posted = try await TestService.bundled().send("POST", "/playground", "{}")
        #expect(posted.status == 405 && posted.fields[.allow] == "GET, HEAD, OPTIONS")
        // A browser's POST to the root is work as before.
        let fields: HTTPFields = [.accept: Self.browser]
        let work = try await TestService.bundled().send("POST", "/", #"{"inputs":"dull"}"#, fields: fields)
        #expect(work.status == 200)
    }

    @Test("a page is one file that loads nothing else, and its policy allows its own style and script alone")
    func policy() throws {
        for path in ["/playground", "/docs"] {
            let response = try answer(ServiceHandler(), path)
            let page = text(response)
            let policy = try #require(response.head.headerFields[HTTPField.Name.make("Content-Security-Policy")])
            let directives = policy.split(separator: "; ").map(String.init)
            #expect(directives.contains("default-src 'none'") && !policy.contains("unsafe"))
            for fixed in ["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
                #expect(directives.contains(fixed))
            }
            for (directive, begin, end) in [
                ("style-src", "<style>", "</style>"), ("script-src", #"<script type="module">"#, "</script>"),
            ] {
                let parts = page.components(separatedBy: begin)
                #expect(parts.count == 2)
                let content = try #require(parts.last?.components(separatedBy: end).first)
                let hash = Data(try #require(ContentHash.of(Array(content.utf8), .sha256))).base64EncodedString()
                #expect(directives.contains("\(directive) 'sha256-\(hash)'"))
            }
            let spaces = page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            for outside in ["://", "@import", "url(", "<iframe", "src="] { #expect(!spaces.contains(outside)) }
            // Texts of users and models enter the page as text.
            for unsafe in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\""] {
                #expect(!page.contains(unsafe), "\(unsafe)")
            }
            #expect(response.head.headerFields[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test("`playground: false` leaves no page at / and /playground, and the document does not name it")
    func switchedOff() async throws {
        let handler = try handler { $0.edge.playground = false }
        let absent = try answer(handler, "/playground", key: "one")
        #expect(absent.head.status.code == 404 && !text(absent).contains("/playground"))
        let root = try answer(handler, "/", accept: Self.browser)
        #expect(root.head.headerFields[.contentType] == "application/json")
        #expect(try answer(handler, "/docs").head.status.code == 200)
        #expect(!RouteTable.withoutPlayground.paths.contains("/playground"))
        #expect(RouteTable.service.paths.contains("/playground"))
    }

    @Test("pages need no key, whichever routes are open; what they ask for does")
    func keys() throws {
        for open in ["none", "health"] {
            let handler = try handler { $0.edge.openRoutes = open }
            for path in ["/playground", "/docs", "/playground/"] {
                #expect(try answer(handler, path).head.status.code == 200)
                #expect(try answer(handler, path, key: "wrong").head.status.code == 200)
            }
            #expect(try answer(handler, "/", accept: Self.browser).head.status.code == 200)
            #expect(try answer(handler, "/").head.status.code == (open == "none" ? 401 : 503))
            for path in ["/info", "/openapi.json", "/v1/models"] {
                #expect(try answer(handler, path).head.status.code == 401)
            }
            #expect(try answer(handler, "/playground", method: .post).head.status.code == 401)
        }
    }

    @Test("a page obeys the rules for other origins, and the status port has no page")
    func others() throws {
        let handler = try handler { $0.edge.corsAllowOrigin = "https://page.example" }
        let vary = try answer(handler, "/playground").head.headerFields[.vary]
        #expect(vary?.contains("Origin") == true)
        #expect(try answer(ServiceHandler(statusOf: handler), "/playground").head.status.code == 404)
        let root = try answer(ServiceHandler(statusOf: handler), "/", accept: Self.browser)
        #expect(root.head.headerFields[.contentType] == "application/json")
    }

    @Test(
        "each operation has an example that the model answers",
        arguments: [
            "mobilebert-pretraining", "mobilebert-tokens", "mobilebert-qa", "mobilebert-choice", "bert-sentiment",
        ]
    )
    func examples(model: String) async throws {
        try await TestModels.with(modelOf: ModelFolder.fixture(model)) { service in
            let count = try await examples(of: service, without: [])
            #expect(count >= 10)
        }
    }

    @Test("the examples of a model without a tokenizer are token ids")
    func examplesOfIDs() async throws {
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.fixture("mobilebert-sentiment")),
            configuration: .patient(workers: 1)
        )
        // KServe's example is a tensor of texts.
        let kserve = ["/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer"]
        let count = try await examples(of: TestService(inference), without: kserve)
        #expect(count >= 7)
        await inference.shutDown()
    }

    /// Sends every example of a service's document, and returns their number.
    private func examples(of service: TestService, without absent: [String]) async throws -> Int {
        let paths = try await service.send("GET", "/openapi.json").json["paths"]
        guard case .object(let items)? = paths else { return 0 }
        let name = try #require(try await service.send("GET", "/info").json["model_id"]?.text)
        var count = 0
        for item in items.members {
            let body = item.value["post"]?["requestBody"]?["content"]?["application/json"]
            guard let body else { continue }
            guard let example = body["example"] else {
                #expect(absent.contains(item.key), "\(item.key) has no example")
                continue
            }
            var writer = JSONWriter()
            writer.value(example)
            let path = item.key.replacing("{model}", with: name).replacing("{version}", with: "1")
            let answer = try await service.send("POST", path, writer.bytes)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            count += 1
        }
        return count
    }
}
