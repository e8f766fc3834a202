import JSON
import ModelFiles
import Testing

@testable import ModelCache

/// Tests of the choice of files that a pull fetches from a repository.
@Suite("Of a repository's files")
struct NeededFilesTests {
    private let names = Set(ModelFile.all.map { ExactText($0.name) })

    @Test("each that a reader opens is fetched, of weights the preferred form, and nothing else")
    func all() throws {
        let files = names.union(["README.md", "onnx/model.onnx", "1_Pooling/config.json"])
        let needed = try NeededFiles(of: files, id: ModelID("org/model"))
        let expected = ModelFile.all.filter { $0.purpose != .weights }.map(\.name) + ["model.safetensors"]
        #expect(needed.first == expected)
    }

    @Test("the pooling's configuration is fetched even if no modules.json names it")
    func pooling() throws {
        let files: Set<ExactText> = [
            "config.json", "model.safetensors", "1_Pooling/config.json", "2_Dense/config.json",
        ]
        let needed = try NeededFiles(of: files, id: ModelID("org/model"))
        #expect(needed.first == ["config.json", "1_Pooling/config.json", "model.safetensors"])
    }

    @Test("a folder that modules.json names gives all files except those that only the root has")
    func folders() throws {
        let inFolder = names.map { ExactText("0_Transformer/\($0.text)") }
        let needed = try NeededFiles(of: Set(inFolder + ["modules.json"]), id: ModelID("org/model"))
        let modules = #"[{"type": "a.Transformer", "path": "0_Transformer"}, {"type": "a.Normalize", "path": ""}]"#
        let rest = try needed.rest(configuration: nil, modules: Array(modules.utf8))
        let expected = ModelFile.all.filter { $0.purpose != .weights && !$0.isAtRootOnly } + [.safetensors]
        #expect(rest == expected.map { $0.path(in: "0_Transformer") })
        for wrong in ["{}", "[1]", #"[{"path": ""}]"#] {
            #expect(throws: HubError.self) { try needed.rest(configuration: nil, modules: Array(wrong.utf8)) }
        }
    }

    @Test("config.json may name a file of weights, or an index of parts in the model's folder")
    func stated() throws {
        let files: Set<ExactText> = [
            "config.json", "x/all.safetensors", "x/b.safetensors.index.json", "b1.safetensors",
        ]
        let needed = try NeededFiles(of: files, id: ModelID("org/model"))
        func rest(_ path: String) throws -> [String] {
            try needed.rest(configuration: Array(#"{"transformers_weights": "\#(path)"}"#.utf8), modules: nil)
        }
        #expect(try rest("./x/all.safetensors") == ["x/all.safetensors"])
        #expect(try rest("x/b.safetensors.index.json") == ["x/b.safetensors.index.json"])
        let index = Array(#"{"weight_map": {"a": "./b1.safetensors", "b": "b1.safetensors"}}"#.utf8)
        #expect(try needed.parts(index, of: "x/b.safetensors.index.json") == ["b1.safetensors"])
        for wrong in ["y.safetensors", "../x.safetensors", "x.bin"] {
            #expect(throws: HubError.self) { try rest(wrong) }
        }
    }

    @Test(
        "a path that leads out of the folder is not safe, also with a combining mark behind its slash or dots",
        arguments: [
            "../a", "..", "a/../b", "/a", "a//b", "../\u{301}a", "a/../\u{301}b", "/\u{301}a", "a/..\u{301}/../b",
        ]
    )
    func unsafePaths(_ path: String) {
        #expect(!RepositoryPath.isSafe(path))
        #expect(RepositoryPath.isSafe("a/\u{301}b") && RepositoryPath.isSafe("e\u{301}/..\u{301}"))
    }

    @Test("a file counts as there only under the very bytes of its name")
    func encodings() throws {
        let files: Set<ExactText> = ["config.json", "model.safetensors.index.json", "e\u{301}.safetensors"]
        let needed = try NeededFiles(of: files, id: ModelID("org/model"))
        let index = { (name: String) in Array(#"{"weight_map": {"a": "\#(name)"}}"#.utf8) }
        let file = "model.safetensors.index.json"
        #expect(try needed.parts(index("e\u{301}.safetensors"), of: file).count == 1)
        #expect(throws: HubError.self) { try needed.parts(index("\u{E9}.safetensors"), of: file) }
    }
}
