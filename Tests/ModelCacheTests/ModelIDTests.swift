import Testing

@testable import ModelCache

/// Tests of the rules of huggingface_hub's validators, and of the rules for paths.
@Suite("A model's id")
struct ModelIDTests {
    @Test(
        "is a name, or a namespace and a name",
        arguments: ["foo", "foo/bar", "123", "Foo-BAR_foo.bar123", "google/mobilebert-uncased", "_a/b_"]
    )
    func right(_ id: String) throws {
        #expect(try ModelID(id).folderName == "models--" + id.replacing("/", with: "--"))
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "/", "a/", "/a", "datasets/foo/bar", ".repo", "-a", "a-", "a.", "foo--bar", "a..b", "foo.git", "a b",
            "é",
            "../a", "./a", "a/..", "a\u{0}", String(repeating: "a", count: 97),
        ]
    )
    func wrong(_ id: String) {
        #expect(throws: HubError.self) { try ModelID(id) }
    }

    @Test("has revisions that stay in the cache's folder")
    func revisions() throws {
        for right in ["main", "refs/pr/1", "v1.0", "feature/x-y", "0123456789abcdef0123456789abcdef01234567"] {
            #expect(try Revision(right).text == right)
        }
        for wrong in ["", "../main", "a/../b", "/a", "a//b", "a b", "a~1", "a\\b", "a\n"] {
            #expect(throws: HubError.self) { try Revision(wrong) }
        }
        #expect(try Revision("0123456789abcdef0123456789abcdef01234567").isCommit)
        #expect(try !Revision("0123456").isCommit)
    }
}
