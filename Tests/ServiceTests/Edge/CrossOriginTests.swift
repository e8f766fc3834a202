import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

@testable import Service

@Suite("Web pages of other origins")
struct CrossOriginTests {
    private func fields(
        _ policy: CrossOrigin,
        _ method: HTTPRequest.Method,
        _ fields: HTTPFields
    ) -> HTTPFields {
        let head = HTTPRequest(method: method, scheme: "http", authority: "a", path: "/embed", headerFields: fields)
        var response = Response.methods("POST, OPTIONS")
        policy.mark(&response, for: head)
        return response.head.headerFields
    }

    private func policy(_ list: String) throws -> CrossOrigin {
        try #require(CrossOrigin(allowing: list, maxAge: .seconds(600)))
    }

    @Test("a preflight is told the methods of the route and the fields that it asks for")
    func preflight() throws {
        let answer = try fields(
            policy("https://page.example, http://localhost:3000"),
            .options,
            [
                .origin: "https://page.example", .accessControlRequestMethod: "POST",
                .accessControlRequestHeaders: "authorization,content-type",
            ]
        )
        #expect(answer[.accessControlAllowOrigin] == "https://page.example")
        #expect(answer[.accessControlAllowMethods] == "POST, OPTIONS")
        #expect(answer[.accessControlAllowHeaders] == "authorization,content-type")
        #expect(answer[.accessControlMaxAge] == "600")
        #expect(answer[.vary] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    }

    @Test("a page that is allowed may read the answer and its fields; caches keep pages apart")
    func answer() throws {
        let answer = try fields(policy("https://page.example"), .post, [.origin: "https://page.example"])
        #expect(answer[.accessControlAllowOrigin] == "https://page.example")
        #expect(answer[.accessControlExposeHeaders] == "*")
        #expect(answer[.vary] == "Origin")
        let any = try fields(policy("*"), .post, [.origin: "https://whoever.example"])
        #expect(any[.accessControlAllowOrigin] == "*")
        #expect(any[.vary] == nil)
    }

    @Test(
        "another page is told nothing, whatever it resembles",
        arguments: ["https://page.example.evil", "http://page.example", "https://page.example:8443", "null", ""]
    )
    func strangers(origin: String) throws {
        for method in [HTTPRequest.Method.post, .options] {
            let answer = try fields(
                policy("https://page.example"),
                method,
                [.origin: origin, .accessControlRequestMethod: "POST"]
            )
            #expect(answer[.accessControlAllowOrigin] == nil)
            #expect(answer[.accessControlAllowMethods] == nil)
            #expect(answer[.vary] == "Origin")
        }
    }

    @Test("a client that is not a browser gets no CORS fields")
    func noOrigin() throws {
        let answer = try fields(policy("*"), .post, [:])
        #expect(answer == [.allow: "POST, OPTIONS"])
    }

    @Test(
        "a list with anything but origins is refused",
        arguments: [
            "", ",", "page.example", "https://page.example/", "https://page.example/app", "*,https://a", "https://",
        ]
    )
    func malformed(list: String) {
        #expect(CrossOrigin(allowing: list, maxAge: .zero) == nil)
    }
}
