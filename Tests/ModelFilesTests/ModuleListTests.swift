import TestSupport
import Testing

@testable import ModelFiles

@Suite("modules.json and the list of a folder's files")
struct ModuleListTests {
    @Test("gives each module's class and folder, in order")
    func entries() throws {
        let folder = try TemporaryFolder()
        #expect(try ModuleList(directory: folder.path) == nil)
        let text = #"[{"type": "sentence_transformers.models.Transformer"}, {"type": "a.Dense", "path": "2_Dense"}]"#
        try folder.write(text.utf8, to: "modules.json")
        let list = try #require(try ModuleList(directory: folder.path))
        #expect(list.entries.map(\.type) == ["Transformer", "Dense"])
        #expect(try list.entries.map { try $0.folder(in: "m") } == ["m", "m/2_Dense"])
    }

    @Test(
        "names no folder outside of the model's",
        arguments: ["/etc", "../other", "a/../../b", "../\u{301}b", "/\u{301}etc"]
    )
    func outside(_ path: String) throws {
        let text = #"[{"type": "a.Pooling", "path": "\#(path)"}]"#
        let list = try ModuleList(bytes: Array(text.utf8), file: "modules.json")
        let error = #expect(throws: ModelError.self) { try list.entries[0].folder(in: "m") }
        #expect(error?.description == "modules.json: \"[0].path\": found \"\(path)\", expected a folder in this one")
    }

    @Test("name each file once, and each purpose has one")
    func files() {
        let names = ModelFile.all.map(\.name)
        #expect(Set(names).count == names.count)
        for purpose in ModelFile.Purpose.allCases { #expect(ModelFile.all.contains { $0.purpose == purpose }) }
        #expect(ModelFile.all.filter(\.isIndex).allSatisfy { $0.purpose == .weights })
    }
}
