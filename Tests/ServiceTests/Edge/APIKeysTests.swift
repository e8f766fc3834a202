import Foundation
import HTTPProtocol
import HTTPTypes
import Testing

@testable import Service

@Suite("API keys")
struct APIKeysTests {
    /// Calls `body` with a file of that text.
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }

    @Test(
        "are found where clients put them, and nowhere else",
        arguments: [
            ("authorization", "Bearer one", APIKeys.Verdict.known),
            ("authorization", "bearer  two ", .known),
            ("api-key", "one", .known),
            ("x-api-key", "Bearer two", .known),
            ("authorization", "one", .missing),
            ("authorization", "Basic one", .missing),
            ("authorization", "Bearer", .missing),
            ("authorization", "Bearer On", .unknown),
            ("authorization", "Bearer one two", .unknown),
            ("authorization", "Bearer onE", .unknown),
            ("x-api-key", "", .unknown),
            ("cookie", "one", .missing),
        ]
    )
    func places(name: String, value: String, verdict: APIKeys.Verdict) throws {
        let keys = try APIKeys(path: nil, listed: ["one", "two"])
        let field = HTTPField(name: try #require(HTTPField.Name(name)), value: value)
        #expect(keys.judge(HTTPFields([field])) == verdict)
    }

    @Test("one that is known is enough beside others, of which only a few are looked at")
    func several() throws {
        let keys = try APIKeys(path: nil, listed: ["one"])
        var fields = HTTPFields([
            HTTPField(name: .authorization, value: "Bearer proxy"), HTTPField(name: .apiKey, value: "one"),
        ])
        #expect(keys.judge(fields) == .known)
        fields = HTTPFields((0..<50).map { HTTPField(name: .authorization, value: "Bearer guess\($0)") })
        fields.append(HTTPField(name: .authorization, value: "Bearer one"))
        #expect(keys.judge(fields) == .unknown)
    }

    @Test("come from a file, a key a line, without comments, spaces at the ends and either kind of line end")
    func file() throws {
        try withFile("# ours\r\n one\t\r\n\n#two\nthree") { path in
            let keys = try APIKeys(path: path, listed: ["four"])
            #expect(keys.count == 3)
            for key in ["one", "three", "four"] {
                #expect(keys.judge([.authorization: "Bearer \(key)"]) == .known)
            }
            #expect(keys.judge([.authorization: "Bearer #two"]) == .unknown)
        }
    }

    @Test("are read again, and stay if the file can't be used")
    func reload() throws {
        try withFile("old") { path in
            let keys = try APIKeys(path: path, listed: [])
            try "new".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(keys.judge([.authorization: "Bearer old"]) == .known)
            try keys.reload()
            #expect(keys.judge([.authorization: "Bearer old"]) == .unknown)
            for broken in ["", "# nothing", "a key", "ключ"] {
                try broken.write(toFile: path, atomically: true, encoding: .utf8)
                #expect(throws: APIKeysError.self) { try keys.reload() }
                #expect(keys.judge([.authorization: "Bearer new"]) == .known)
            }
        }
    }

    @Test("are refused if they could not be sent or are too many, and no message shows a key")
    func limits() throws {
        let long = String(repeating: "k", count: APIKeys.maxKeyBytes)
        #expect(try APIKeys(path: nil, listed: [long]).judge([.authorization: "Bearer \(long)"]) == .known)
        for wrong in ["", "secret key", "secret\u{7F}", long + "k"] {
            let error = #expect(throws: APIKeysError.self) { try APIKeys(path: nil, listed: ["fine", wrong]) }
            #expect(error?.description.contains("key 2 of SWIFTLET_API_KEYS") == true)
            #expect(error?.description.contains("secret") == false)
        }
        let many = (0...APIKeys.maxKeys).map(String.init)
        #expect(throws: APIKeysError.tooMany(source: SettingsEnvironment.keysVariable, limit: APIKeys.maxKeys)) {
            try APIKeys(path: nil, listed: many)
        }
        #expect(throws: APIKeysError.unreadable(path: "/absent")) { try APIKeys(path: "/absent", listed: []) }
        try withFile(String(repeating: "#", count: APIKeys.maxFileBytes + 1)) { path in
            #expect(throws: APIKeysError.tooLarge(path: path, limit: APIKeys.maxFileBytes)) {
                try APIKeys(path: path, listed: [])
            }
        }
    }

    @Test("the environment's list is split at commas; an empty list has no keys")
    func list() {
        #expect(Edge.keys(in: nil) == [])
        #expect(Edge.keys(in: "") == [])
        #expect(Edge.keys(in: "one, two") == ["one", "two"])
        // An empty key is refused later: somebody has forgotten a key.
        #expect(Edge.keys(in: "one,") == ["one", ""])
    }
}
