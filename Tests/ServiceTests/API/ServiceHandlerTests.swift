import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Inference
import JSON
import Logging
import TestSupport
import Testing

@testable import Service

/// The whole service without sockets, on the bundled model.
@Suite("The routes")
struct ServiceHandlerTests {
    private func post(_ path: String, _ body: String) async throws -> JSONValue {
        try await TestService.bundled().post(path, body)
    }

    /// Whether two vectors differ by at most 1e-5 of the largest component. That much may depend on the batch.
    private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
        let range = a.map(abs).max() ?? 0
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * range }
    }

    @Test("/embed gives a normalised vector for each input, whatever else is in the request")
    func embed() async throws {
        let vectors = try await post("/embed", #"{"inputs":["a fine film","dull"]}"#).rows
        #expect(vectors.count == 2)
        for vector in vectors {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(length - 1) < 1e-6)
        }
        let alone = try await post("/embed", #"{"inputs":"dull"}"#).rows
        #expect(isClose(alone[0], vectors[1]))
    }

    @Test("/embed gives the same for a text and for its ids")
    func embedIDs() async throws {
        let text = try await post("/embed", #"{"inputs":"a fine film"}"#).rows[0]
        let ids = try await post("/embed", #"{"inputs":[101,1037,2986,2143,102]}"#).rows[0]
        #expect(isClose(text, ids))
    }

    @Test("/embed honours pooling, dimensions and normalize")
    func embedOptions() async throws {
        let whole = try await post("/embed", #"{"inputs":"good","normalize":false,"pooling":"cls"}"#).rows[0]
        let cut = try await post("/embed", #"{"inputs":"good","normalize":false,"pooling":"cls","dimensions":8}"#).rows[
            0
        ]
        #expect(isClose(cut, Array(whole.prefix(8))))
        let mean = try await post("/embed", #"{"inputs":"good","normalize":false,"pooling":"mean"}"#).rows[0]
        #expect(!isClose(mean, whole))
    }

    @Test("/embed_all gives a vector for each token, streamed or not")
    func embedAll() async throws {
        let short = try await post("/embed_all", #"{"inputs":["good","a fine film"]}"#)
        #expect(short.elements.map { $0.rows.count } == [3, 5])
        let long = String(repeating: "good ", count: 300)
        let streamed = try await post("/embed_all", #"{"inputs":["\#(long)","good"]}"#)
        #expect(streamed.elements.map { $0.rows.count } == [302, 3])
        #expect(isClose(streamed.elements[1].rows[1], short.elements[0].rows[1]))
    }

    @Test("/classify gives every label with score and logit, best first, nested also for one text")
    func classify() async throws {
        let labels = try await post("/classify", #"{"inputs":"a gorgeous, witty, seductive movie"}"#)
        let first = labels.elements[0].elements
        #expect(first.map { $0["label"] } == [.string("POSITIVE"), .string("NEGATIVE")])
        let scores = first.compactMap { $0["score"]?.double }
        #expect(abs(scores[0] + scores[1] - 1) < 1e-6 && scores[0] > scores[1])
        let logits = first.compactMap { $0["logit"]?.double }
        #expect(abs(1 / (1 + exp(logits[1] - logits[0])) - scores[0]) < 1e-5)
        let raw = try await post("/classify", #"{"inputs":["dull"],"raw_scores":true,"top_k":1}"#)
        let only = raw.elements[0].elements
        #expect(only.count == 1 && only[0]["score"] == only[0]["logit"] && only[0]["label"] == .string("NEGATIVE"))
    }

    @Test("/tokenize gives ids, tokens, types and offsets in the unit asked for")
    func tokenize() async throws {
        let tokens = try await post("/tokenize", #"{"inputs":"Café 😀 ok","offsets":"utf16"}"#).elements[0].elements
        #expect(tokens.first?["special"] == .boolean(true) && tokens.first?["start"] == .null)
        #expect(tokens[1]["token"] == .string("cafe") && tokens[1]["stop"]?.integer == 4)
        #expect(tokens[tokens.count - 2]["start"]?.integer == 8)
        let bytes = try await post("/tokenize", #"{"inputs":"Café 😀 ok"}"#).elements[0].elements
        #expect(bytes[1]["stop"]?.integer == 5 && bytes[bytes.count - 2]["start"]?.integer == 11)
    }

    @Test("/tokenize's text is what stands in the input, as TEI's is; for a special token it is the token")
    func tokenizedText() async throws {
        func column(_ key: String, _ body: String) async throws -> [[String?]] {
            try await post("/tokenize", body).elements.map { $0.elements.map { $0[key]?.text } }
        }
        for unit in ["byte", "scalar", "utf16"] {
            let body = #"{"inputs":["Unbelievable Café 😀!","É"],"offsets":"\#(unit)"}"#
            let texts = try await column("text", body)
            #expect(texts[0].suffix(4) == ["Café", "😀", "!", "[SEP]"] && texts[0].first == "[CLS]")
            #expect(texts[0].dropFirst().dropLast(4).compactMap { $0 }.joined() == "Unbelievable")
            #expect(texts[1] == ["[CLS]", "É", "[SEP]"])
            #expect(try await column("token", body)[1] == ["[CLS]", "e", "[SEP]"])
        }
        let pair = #"{"inputs":"A [SEP] B","text_pair":"Café","add_special_tokens":false}"#
        #expect(try await column("text", pair) == [["A", "[SEP]", "B", "Café"]])
        let ids = #"{"inputs":[1037,2986]}"#
        #expect(try await column("text", ids) == [["[CLS]", "a", "fine", "[SEP]"]])
        #expect(try await column("token", ids) == column("text", ids))
    }

    @Test("a slash at the end of a path finds the same route, with the same key, methods, form of errors and label")
    func trailingSlash() async throws {
        let service = try TestService.bundled()
        for route in RouteTable.service.routes {
            for path in route.paths.map(\.template) where path != "/" {
                let path = path.replacing("{model}", with: "mobilebert-mini").replacing("{version}", with: "1")
                let plain = try await service.send("OPTIONS", path)
                let slashed = try await service.send("OPTIONS", path + "/?query")
                #expect(plain.status == 204 && slashed.status == 204, "\(path)")
                #expect(slashed.fields[.allow] == plain.fields[.allow], "\(path)")
                // Two slashes may be a model's name.
                let doubled = try await service.send("OPTIONS", path + "//").status
                #expect(doubled == 404 || path.contains("/models"), "\(path)")
                let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path)
                let other = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path + "/")
                #expect(RouteGroup(head) == RouteGroup(other), "\(path)")
            }
        }
        let vectors = try await post("/embed", #"{"inputs":"good"}"#)
        #expect(try await post("/embed/", #"{"inputs":"good"}"#) == vectors)
        let name = try await service.send("GET", "/v2/models/mobilebert-mini/").json["name"]?.text
        #expect(name == "mobilebert-mini")
        let wrong = try await service.send("DELETE", "/v1/embeddings/")
        #expect(try wrong.status == 405 && wrong.json["error"]?["message"]?.text?.contains("POST") == true)
        for path in ["/nothing/", "//", "/embed//", "/v2/models/other/"] {
            #expect(try await service.send("GET", path).status == 404, "\(path)")
        }
        // The route's label in metrics is its own path.
        func counted() async throws -> Substring? {
            let line = #"swiftlet_http_requests_total{route="/similarity",status="422"}"#
            let metrics = try await service.send("GET", "/metrics/").text
            return metrics.split(separator: "\n").first { $0.hasPrefix(line) }
        }
        let before = try await counted()
        _ = try await service.send("POST", "/similarity/", "{}")
        #expect(try await counted() != before)
    }

    @Test("a path under /v1 that no route has is a 404 in OpenAI's form; elsewhere it has the usual form")
    func unknownPaths() async throws {
        let service = try TestService.bundled()
        for path in ["/v1/chat/completions", "/v1/", "/v1", "/v1/engines?x=1"] {
            let answer = try await service.send("POST", path, "{}")
            let error = try answer.json["error"]
            #expect(answer.status == 404 && error?["code"]?.text == "unknown_url", "\(answer.text)")
            #expect(error?["type"]?.text == "invalid_request_error" && error?["message"]?.text?.isEmpty == false)
        }
        for path in ["/v2/chat/completions", "/v1x", "/nothing/v1/"] {
            let answer = try await service.send("POST", path, "{}")
            #expect(try answer.status == 404 && answer.json["error_type"]?.text == "NotFound", "\(answer.text)")
        }
    }

    @Test("/tokenize pads to a rectangle with masks and type ids")
    func tokenizeBatch() async throws {
        let batch = try await post(
            "/tokenize",
            #"{"inputs":["a b","c"],"text_pair":["d","e"],"output":"batch","max_length":6}"#
        )
        #expect(batch["input_ids"]?.rows.map(\.count) == [6, 6])
        #expect(batch["attention_mask"]?.rows == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]])
        #expect(batch["token_type_ids"]?.rows[1] == [0, 0, 0, 1, 1, 0])
    }

    @Test("/decode turns ids back into text")
    func decode() async throws {
        #expect(try await post("/decode", #"{"ids":[101,1037,2986,2143,102]}"#) == .array([.string("a fine film")]))
        #expect(
            try await post("/decode", #"{"ids":[[101,2986]],"skip_special_tokens":false}"#)
                == .array([.string("[CLS] fine")])
        )
    }

    @Test(
        "what cannot be answered gets its status and type",
        arguments: [
            ("POST", "/embed", #"{"inputs":"#, 400, "Validation"), ("POST", "/embed", "", 400, "Validation"),
            ("POST", "/embed", #"{"inputs":[]}"#, 400, "Empty"), ("POST", "/embed", "[]", 422, "Validation"),
            ("POST", "/embed", #"{"inputs":"a","dimensions":0}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":"a","dimensions":100000}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":[[30522]]}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":[[-1]]}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":[[]]}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":"a","max_length":0}"#, 422, "Validation"),
            ("POST", "/embed", #"{"inputs":"a b c","max_length":3,"truncate":false}"#, 422, "Validation"),
            ("POST", "/classify", #"{"inputs":"a","top_k":0}"#, 422, "Validation"),
            ("POST", "/tokenize", #"{"inputs":"a","max_length":-1}"#, 422, "Validation"),
            ("POST", "/tokenize", #"{"inputs":"a","max_length":99999999999999}"#, 200, ""),
            ("POST", "/decode", #"{"ids":[4000000]}"#, 422, "Tokenizer"),
            ("GET", "/nothing", "", 404, "NotFound"), ("GET", "/embed", "", 405, "MethodNotAllowed"),
            ("POST", "/health", "{}", 405, "MethodNotAllowed"), ("DELETE", "/info", "", 405, "MethodNotAllowed"),
        ]
    )
    func errors(_ method: String, _ path: String, _ body: String, status: Int, type: String) async throws {
        let answer = try await TestService.bundled().send(method, path, body)
        #expect(answer.status == status, "\(answer.text)")
        guard status != 200 else { return }
        let object = try JSONParser.parse(Array(answer.text.utf8))
        #expect(object["error_type"] == .string(type), "\(answer.text)")
        if status == 405 { #expect(answer.fields[.allow] != nil) }
    }

    @Test("OPTIONS tells the methods of a path, and of the service")
    func options() async throws {
        let service = try TestService.bundled()
        for (path, allow) in [
            ("/embed", "POST, OPTIONS"), ("/info", "GET, HEAD, OPTIONS"), ("*", "GET, HEAD, POST, OPTIONS"),
        ] {
            let answer = try await service.send("OPTIONS", path)
            #expect(answer.status == 204 && answer.fields[.allow] == allow)
        }
        #expect(try await service.send("OPTIONS", "/nothing").status == 404)
    }

    @Test("a body that is not JSON by its own word is 415; charset and silence are fine")
    func contentTypes() async throws {
        let body = #"{"inputs":"a"}"#
        for (type, status) in [
            ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json; charset=utf-8", 200),
            ("Application/JSON", 200), (nil, 200),
        ] as [(String?, Int)] {
            #expect(try await TestService.bundled().send("POST", "/embed", body, contentType: type).status == status)
        }
    }

    @Test("an input that is too long is cut by default, and the answer says so; or refused when asked")
    func truncation() async throws {
        let long = String(repeating: "word ", count: 2000)
        let cut = try await TestService.bundled().send("POST", "/embed", #"{"inputs":["\#(long)","b"]}"#)
        #expect(cut.status == 200 && cut.fields[.truncatedInputs] == "1")
        for name in [HTTPField.Name.computeTokens, .tokenizationTime, .queueTime, .inferenceTime] {
            #expect(cut.fields[name].flatMap { Int($0) } != nil, "\(name)")
        }
        let refused = try await TestService.bundled().send("POST", "/embed", #"{"inputs":"\#(long)","truncate":false}"#)
        #expect(refused.status == 422 && refused.text.contains("Given: 2002"))
    }

    @Test("health, readiness and info tell the phases apart: loading, ready, draining")
    func phases() async throws {
        let loading = TestService.loading()
        for (path, status) in [
            ("/health", 503), ("/health/ready", 503), ("/health/live", 200), ("/info", 503), ("/metrics", 200),
        ] {
            #expect(try await loading.send("GET", path).status == status, "\(path)")
        }
        #expect(try await loading.send("POST", "/embed", #"{"inputs":"a"}"#).status == 503)
        let ready = try TestService.bundled()
        try await ready.handler.state.snapshot.inference?.warmUp()
        for path in ["/health", "/health/ready", "/health/live", "/info", "/metrics"] {
            #expect(try await ready.send("GET", path).status == 200, "\(path)")
        }
        ready.handler.state.update { $0.isDraining = true }
        #expect(try await ready.send("GET", "/health/ready").status == 503)
        #expect(try await ready.send("GET", "/health/live").status == 200)
        #expect(try await ready.send("POST", "/embed", #"{"inputs":"a"}"#).status == 200)
    }

    @Test("no JSON of any shape makes a route fail otherwise than by a 4xx")
    func mutatedBodies() async throws {
        let service = try TestService.bundled()
        let seed = Array(
            #"{"inputs":["ab",[5,6]],"top_k":1,"dimensions":3,"truncate":true,"offsets":"byte","ids":[[7]]}"#.utf8
        )
        let paths = RouteTable.service.routes.filter { !$0.isStatus && $0.content == .json }.map(\.name)
        var generator = SeededGenerator(seed: 7)
        for round in 0..<600 {
            var body = seed
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let at = Int.random(in: 0..<body.count, using: &generator)
                body[at] = seed[Int.random(in: 0..<seed.count, using: &generator)]
            }
            let path = paths[round % paths.count]
            let text = String(decoding: body, as: UTF8.self)
            let answer = try await service.send("POST", path, text)
            #expect((200..<430).contains(answer.status), "\(path) \(text): \(answer.text)")
        }
    }
}
