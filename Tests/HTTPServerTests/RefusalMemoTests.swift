import Foundation
import HTTPProtocol
import HTTPTypes
import Testing
import Time

@testable import HTTPServer

@Suite struct RefusalMemoTests {
    private static let request = "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Key: b\r\n\r\nbody"

    private func raw(_ request: String = request) -> RawHead? {
        RawHead(ofWholeRequest: Array(request.utf8).span)
    }

    private func bodyBytes(_ request: String) -> Int? {
        raw()?.bodyBytes(ofRequest: Array(request.utf8).span)
    }

    @Test("a request with the same head and another length is recognized")
    func otherLength() {
        #expect(bodyBytes(Self.request) == 4)
        let longer = "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nX-Key: b\r\n\r\nabcdefghijkl"
        #expect(bodyBytes(longer) == 12)
    }

    @Test(
        "bytes that are anything else are not recognized",
        arguments: [
            // Another path, another field, a field more, another name of the same length.
            "POST /embec HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Key: c\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Key: b\r\nX: y\r\n\r\nbody",
            // No whole body, or more than one request.
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Key: b\r\n\r\nbodyG",
            request + request,
            // Lengths that the parser refuses.
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4,4\r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: \r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 0000004\r\nX-Key: b\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\nX-Key: b\r\n\r\nbody",
            "", "P",
        ]
    )
    func others(bytes: String) {
        #expect(bodyBytes(bytes) == nil)
    }

    @Test(
        "a head is kept only if the connection goes on after it and its length is known",
        arguments: [
            "POST /embed HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nCONNECTION: keep-alive, close\r\nContent-Length: 4\r\n\r\nbody",
            "POST /embed HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
            "POST /embed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            "GET /embed HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbod",
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n",
        ]
    )
    func notKept(request: String) {
        #expect(raw(request) == nil)
    }

    @Test("a client that says keep-alive is served like one that does not")
    func keepAlive() {
        let request = "POST /embed HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\nContent-Length: 4\r\n\r\nbody"
        #expect(raw(request)?.bodyBytes(ofRequest: Array(request.utf8).span) == 4)
    }

    // MARK: The memo

    private func refusal(_ ages: Range<Duration> = .zero..<Duration.seconds(1)) throws -> RepeatableRefusal {
        let response = Response(status: .tooManyRequests, json: Array("{}".utf8))
        let id = try #require(HTTPField.Name("x-request-id"))
        let refusal = RepeatableRefusal(response, for: .queue, ages: ages, indifferent: [id]) { _, _ in }
        return try #require(refusal)
    }

    private func head(_ path: String = "/embed", _ fields: HTTPFields = [:]) -> HTTPRequest {
        HTTPRequest(method: .post, scheme: "http", authority: "a", path: path, headerFields: fields)
    }

    private func memo(_ fields: HTTPFields = [:], ages: Range<Duration> = .zero..<Duration.seconds(1)) throws
        -> RefusalMemo
    {
        let memo = RefusalMemo()
        memo.keep(try refusal(ages), of: head("/embed", fields), fields: [.date: "today"], raw: raw())
        return memo
    }

    @Test("the prepared answer is whole, with the server's fields, and keeps the connection")
    func answer() throws {
        let kept = try #require(try memo().refusal(of: Array(Self.request.utf8).span, age: .zero))
        let text = String(decoding: kept.entry.answer.http1, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(text.contains("Date: today\r\n") && text.contains("Content-Length: 2\r\n"))
        #expect(text.hasSuffix("\r\n\r\n{}"))
        #expect(!text.lowercased().contains("connection:"))
        #expect(kept.bodyBytes == 4)
    }

    @Test("a refusal holds for its time, and for requests of its ages")
    func validity() throws {
        let memo = try memo(ages: .milliseconds(20)..<Duration.seconds(1))
        let bytes = Array(Self.request.utf8)
        func isRefused(_ age: Duration) -> Bool {
            memo.age = age
            let byHead = memo.refusal(of: head()) != nil
            #expect(byHead == (memo.refusal(of: bytes.span, age: age) != nil))
            return byHead
        }
        #expect(!isRefused(.milliseconds(19)))
        #expect(isRefused(.milliseconds(20)))
        #expect(!isRefused(.seconds(1)))
        memo.now = memo.now + RefusalMemo.validity
        #expect(!isRefused(.milliseconds(20)))
    }

    @Test("a server is busy for a while after many refusals of requests that had not waited for long")
    func busy() throws {
        let memo = RefusalMemo()
        let start = memo.now
        func refuse(_ count: Int, waited age: Duration) throws {
            memo.age = age
            for _ in 0..<count { memo.keep(try refusal(), of: head(), fields: [:], raw: nil) }
        }
        try refuse(RefusalMemo.busyRefusals, waited: RefusalMemo.busyTime)
        try refuse(RefusalMemo.busyRefusals - 1, waited: .milliseconds(1))
        #expect(!memo.isBusy(at: start))
        try refuse(1, waited: .milliseconds(1))
        #expect(memo.isBusy(at: start))
        memo.now = start + RefusalMemo.busyTime
        try refuse(1, waited: .zero)
        #expect(memo.isBusy(at: memo.now))
        #expect(!memo.isBusy(at: memo.now + RefusalMemo.busyTime * 2))
    }

    @Test("heads are equal apart from lengths and names of the request")
    func heads() throws {
        let id = try #require(HTTPField.Name("x-request-id"))
        let memo = try memo([.contentLength: "4", id: "1", .accept: "a"])
        #expect(memo.refusal(of: head("/embed", [.accept: "a"])) != nil)
        #expect(memo.refusal(of: head("/embed", [.contentLength: "5", .accept: "a", id: "2"])) != nil)
        #expect(memo.refusal(of: head("/embed", [.accept: "b"])) == nil)
        #expect(memo.refusal(of: head("/embed")) == nil)
        #expect(memo.refusal(of: head("/other", [.accept: "a"])) == nil)
        #expect(memo.refusal(of: head("/embed", [.accept: "a", .authorization: "c"])) == nil)
    }

    @Test("so many refusals are kept, the newest ones, and one for each head")
    func bounded() throws {
        let memo = RefusalMemo()
        for number in 0..<3 * RefusalMemo.maxRefusals {
            for _ in 0..<2 { memo.keep(try refusal(), of: head("/\(number)"), fields: [:], raw: nil) }
        }
        let kept = (0..<3 * RefusalMemo.maxRefusals).filter { memo.refusal(of: head("/\($0)")) != nil }
        #expect(kept == Array(2 * RefusalMemo.maxRefusals..<3 * RefusalMemo.maxRefusals))
    }
}
