import Foundation
import JSON
import ModelCache
import Testing

@testable import Hub

/// Tests of reading answers and of handling failures, without a network.
@Suite("The Hub's answers")
struct AnswerTests {
    @Test("name a file's content by the linked ETag first, without quotes")
    func etags() throws {
        let linked = ["ETag": "\"page\"", "X-Linked-ETag": "\"abc\"", "X-Linked-Size": "12", "Content-Length": "3"]
        let large = try FileMetadata(ResponseFields(linked), isRedirection: true, url: "u")
        #expect(large.etag == "abc" && large.size == 12)
        let weak = ["etag": "W/\"def\"", "content-length": "3", "x-repo-commit": "c"]
        let small = try FileMetadata(ResponseFields(weak), isRedirection: false, url: "u")
        #expect(small == (try FileMetadata(ResponseFields(weak), isRedirection: false, url: "u")))
        #expect(small.etag == "def" && small.size == 3 && small.commit == "c")
        let zipped = ["ETag": "\"a\"", "Content-Length": "3", "Content-Encoding": "gzip"]
        #expect(try FileMetadata(ResponseFields(zipped), isRedirection: false, url: "u").size == nil)
    }

    @Test(
        "cannot name a file outside of the cache",
        arguments: ["", "\"\"", "\"../a\"", "\"a/b\"", "\"..\"", "\"a b\""]
    )
    func unsafeETags(_ etag: String) {
        #expect(throws: HubError.self) {
            try FileMetadata(ResponseFields(["ETag": etag]), isRedirection: false, url: "u")
        }
    }

    @Test("lead on to HTTP only, and never from TLS to none")
    func redirections() throws {
        func target(_ location: String?, from: String = "https://hub/a/b") throws -> String? {
            let fields = ResponseFields(location.map { ["Location": $0] } ?? [:])
            let url = try #require(URL(string: from))
            return try HubConnection.target(of: WebResponse(url: url, status: 302, fields: fields))?.absoluteString
        }
        #expect(try target("/c?d=e") == "https://hub/c?d=e")
        #expect(try target("//cdn/c") == "https://cdn/c")
        #expect(try target("https://cdn/c") == "https://cdn/c")
        #expect(try target("http://cdn/c", from: "http://hub/a") == "http://cdn/c")
        for wrong in [nil, "http://cdn/c", "file:///etc/passwd", "javascript:1", "https://"] {
            #expect(throws: HubError.self) { try target(wrong) }
        }
        let (a, b) = (try #require(URL(string: "http://hub/a")), try #require(URL(string: "http://HUB:80/b")))
        #expect(HubConnection.isSameOrigin(a, b))
        #expect(!HubConnection.isSameOrigin(a, try #require(URL(string: "http://hub:81/a"))))
        #expect(!HubConnection.isSameOrigin(a, try #require(URL(string: "https://hub/a"))))
    }

    @Test("are retried after longer and longer waits, as long as asked for, and not for ever")
    func waits() {
        let policy = RetryPolicy(maxAttempts: 4, firstWait: 1, longestWait: 3)
        #expect((1...3).map { policy.wait(afterAttempt: $0, asked: nil, jitter: 1) } == [1, 2, 3])
        #expect(policy.wait(afterAttempt: 1, asked: nil, jitter: 0) == 0.5)
        #expect(policy.wait(afterAttempt: 4, asked: nil, jitter: 1) == nil)
        #expect(policy.wait(afterAttempt: 1, asked: 2, jitter: 0) == 2)
        #expect(policy.wait(afterAttempt: 1, asked: 1e9, jitter: 0) == 3)
        let now = Date(timeIntervalSince1970: 1_445_412_480)
        let asked = { (name: String, value: String) in
            RetryPolicy.askedWait(ResponseFields([name: value]), now: now)
        }
        #expect(asked("Retry-After", "7") == 7)
        #expect(asked("Retry-After", "Wed, 21 Oct 2015 07:28:10 GMT") == 10)
        #expect(asked("RateLimit", "\"api\";r=0;t=55") == 55)
        #expect(asked("RateLimit", "\"api\";r=3;t=55") == nil)
        #expect(asked("Retry-After", "soon") == nil)
    }

    @Test("say which part of a file they are")
    func ranges() {
        #expect(ResponseFields(["Content-Range": "bytes 5-9/10"]).range ?? (0, 0) == (5, 10))
        #expect(ResponseFields(["Content-Range": "bytes 5-9/*"]).range?.size == nil)
        for wrong in ["", "bytes */10", "5-9/10", "bytes x-9/10"] {
            #expect(ResponseFields(["Content-Range": wrong]).range == nil)
        }
    }

    @Test("list files, or are not a Hub's")
    func listings() throws {
        let sha = String(repeating: "a", count: 40)
        let right = #"{"sha":"\#(sha)","siblings":[{"rfilename":"config.json"},{"rfilename":"a/b"}]}"#
        #expect(try ModelListing(Array(right.utf8), url: "u").files == ["config.json", "a/b"])
        let tree = #"[{"type":"directory","path":"a"},{"type":"file","path":"a/b"}]"#
        #expect(try ModelListing.tree(Array(tree.utf8), url: "u") == ["a/b"])
        #expect(try ModelListing(Array(#"{"sha":"\#(sha)"}"#.utf8), url: "u").files == nil)
        for wrong in ["", "[]", "{}", #"{"sha":"../a","siblings":[]}"#, #"{"sha":"\#(sha)","siblings":[{}]}"#] {
            #expect(throws: HubError.self) { try ModelListing(Array(wrong.utf8), url: "u") }
        }
    }

    @Test("failures that will be tried again are reported without what to do about them")
    func causes() {
        for error in [
            HubError.unreachable(url: "u", reason: "no connection to it", attempts: 3),
            .wrongSize(file: "f", bytes: 1, expected: 2), .wrongChecksum(file: "f", found: "a", expected: "b"),
        ] {
            #expect(error.description.hasPrefix(error.cause), "\(error)")
            #expect(!error.cause.contains(";") && error.description.contains(";"), "\(error)")
        }
        let refused = HubError.refused(url: "u", status: 503, message: nil, attempts: 1)
        #expect(refused.cause == refused.description)
    }
}
