import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

@testable import Service

/// Tests of the edge with whole requests, without a model: an admitted request gets 503 (loading).
@Suite("The edge")
struct EdgeTests {
    private func handler(_ change: (inout ServiceConfiguration) -> Void = { _ in }) throws -> ServiceHandler {
        var settings = ServiceConfiguration()
        change(&settings)
        return ServiceHandler(edge: try Edge(settings, listedKeys: ["one"]))
    }

    private func head(_ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:]) -> HTTPRequest {
        HTTPRequest(method: method, scheme: "http", authority: "a", path: path, headerFields: fields)
    }

    private func status(_ handler: ServiceHandler, _ head: HTTPRequest) -> Int? {
        answer(handler, head)?.head.status.code
    }

    /// The immediate answer to a request without a body; nil if the answer takes work.
    private func answer(_ handler: ServiceHandler, _ head: HTTPRequest) -> Response? {
        guard case .answer(let response) = handler.reply(to: Request(head: head), Arrival()) else { return nil }
        return response
    }

    /// The answer to a head before its body has arrived; nil if the body may come.
    private func refusal(
        _ handler: ServiceHandler,
        of head: HTTPRequest,
        body: AnnouncedBody = .follows
    ) -> Response? {
        guard case .answer(let response) = handler.judge(head, body: body, client: nil) else { return nil }
        return response
    }

    @Test("without a key a client gets only the probes, and does not learn which paths exist")
    func closed() throws {
        let handler = try handler()
        for path in ["/health", "/health/ready"] { #expect(status(handler, head(.get, path)) == 503) }
        #expect(status(handler, head(.get, "/health/live")) == 200)
        for path in ["/metrics", "/info", "/absent", "/health/../metrics", "/metrics?x=/health"] {
            #expect(status(handler, head(.get, path)) == 401)
        }
        #expect(status(handler, head(.post, "/embed")) == 401)
        #expect(status(handler, head(.options, "/embed")) == 204)
    }

    @Test("a key opens everything")
    func open() throws {
        let handler = try handler()
        let shown: HTTPFields = [.authorization: "Bearer one"]
        #expect(status(handler, head(.get, "/metrics", shown)) == 200)
        #expect(status(handler, head(.get, "/absent", shown)) == 404)
        #expect(status(handler, head(.post, "/embed", shown)) == 503)
    }

    @Test(
        "what needs no key is a choice",
        arguments: [("none", 401, 401), ("metrics", 401, 200), ("health, metrics", 200, 200)]
    )
    func choice(open: String, live: Int, metrics: Int) throws {
        let handler = try handler { $0.edge.openRoutes = open }
        #expect(status(handler, head(.get, "/health/live")) == live)
        #expect(status(handler, head(.get, "/metrics")) == metrics)
    }

    @Test("the refusal says how to come in, in the form of the route's errors, and before a body is read")
    func refusal() throws {
        let handler = try handler()
        let refused = try #require(
            refusal(handler, of: head(.post, "/embed", [.authorization: "Bearer wrong"]))
        )
        #expect(refused.head.status.code == 401)
        #expect(refused.head.headerFields[.wwwAuthenticate] == #"Bearer realm="swiftlet""#)
        guard case .bytes(let body) = refused.body else {
            Issue.record("not in one piece")
            return
        }
        let text = String(decoding: body, as: UTF8.self)
        #expect(text == #"{"error":"the API key is not known here","error_type":"Unauthenticated"}"#)
        #expect(refusal(handler, of: head(.post, "/embed", [.authorization: "Bearer one"])) == nil)
    }

    @Test("without a key no body is read, not even by routes without work: the head alone is answered")
    func unreadBodies() throws {
        let handler = try handler()
        for (request, status) in [
            (head(.get, "/health/live"), 200), (head(.options, "/embed"), 204), (head(.post, "/health"), 401),
            (head(.post, "/"), 401), (head(.put, "/absent"), 401),
        ] {
            #expect(refusal(handler, of: request)?.head.status.code == status)
        }
        let open = ServiceHandler()
        #expect(refusal(open, of: head(.post, "/embed")) == nil)
    }

    @Test("a client that waits for 100 Continue gets the refusal that its head causes, or is told to go on")
    func awaitedBodies() throws {
        let handler = ServiceHandler()
        for (request, status) in [
            (head(.post, "/absent"), 404), (head(.put, "/embed"), 405), (head(.post, "/metrics"), 405),
            (head(.post, "/embed", [.contentType: "text/plain"]), 415),
            (head(.post, "/embed", [.contentEncoding: "br"]), 415), (head(.post, "/embed"), 503),
            (head(.get, "/health/live"), 200),
        ] {
            #expect(refusal(handler, of: request, body: .awaited)?.head.status.code == status)
            // A body that comes in any case is read: only so the connection can go on.
            #expect(refusal(handler, of: request) == nil)
        }
        let service = try TestService.bundled()
        #expect(refusal(service.handler, of: head(.post, "/embed"), body: .awaited) == nil)
        let closed = try self.handler()
        #expect(refusal(closed, of: head(.post, "/embed"), body: .awaited)?.head.status.code == 401)
    }

    @Test("a refusal carries the fields that let a page read it")
    func crossOriginRefusal() throws {
        let handler = try handler { $0.edge.corsAllowOrigin = "https://page.example" }
        let refused = try #require(
            refusal(handler, of: head(.post, "/embed", [.origin: "https://page.example"]))
        )
        #expect(refused.head.headerFields[.accessControlAllowOrigin] == "https://page.example")
    }

    @Test("a coding that is not known is refused by the head, when the key is known")
    func codings() throws {
        let handler = try handler()
        let shown: HTTPFields = [.authorization: "Bearer one", .contentEncoding: "br"]
        let response = try #require(answer(handler, head(.post, "/embed", shown)))
        #expect(response.head.status.code == 415)
        #expect(response.head.headerFields[.acceptEncoding] == "gzip, deflate, identity")
        #expect(status(handler, head(.post, "/embed", [.contentEncoding: "br"])) == 401)
    }

    @Test("open routes are questions to GET, and are there")
    func groups() {
        for path in ["/", "/ping", "/health", "/v2/health/live", "/metrics", "/info", "/v1/models", "/docs"] {
            #expect(RouteTable.service.find(path[...]) != nil)
            #expect(RouteGroup(head(.get, path + "?x=1")) != nil)
            // A slash at the end changes neither the route nor its group.
            if path != "/" { #expect(RouteGroup(head(.get, path + "/")) == RouteGroup(head(.get, path))) }
            // A POST to the same path may be work.
            #expect(RouteGroup(head(.post, path)) == nil)
        }
        for path in ["/embed", "/v1/embeddings", "/healthy", "/metrics//", "/v2/models/m/infer"] {
            #expect(RouteGroup(head(.get, path)) == nil)
        }
        #expect(RouteGroup.groups(in: "none") == [])
        #expect(RouteGroup.groups(in: "health,metrics , docs") == [.health, .metrics, .docs])
        for wrong in ["", "all", "health,", "none,health"] { #expect(RouteGroup.groups(in: wrong) == nil) }
    }

    @Test("files that can't be used stop the start, and say why")
    func files() throws {
        var settings = ServiceConfiguration()
        settings.edge.apiKeysFile = "/absent"
        let unreadable = APIKeysError.unreadable(path: "/absent")
        #expect(throws: ConfigurationError.unusable("\(unreadable)")) { try Edge(settings) }
        settings = ServiceConfiguration()
        (settings.edge.tlsCertificate, settings.edge.tlsKey) = ("/absent", "/absent")
        let error = #expect(throws: ConfigurationError.self) { try Edge(settings) }
        #expect(error?.description.contains("/absent: No such file or directory") == true)
    }
}
