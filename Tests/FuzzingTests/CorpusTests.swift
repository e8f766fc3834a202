import Foundation
import Testing

/// Runs, without a fuzzer, the inputs that fuzzing has kept. Among them are all inputs that ever broke something.
@Suite("The inputs that fuzzing has found", .serialized)
struct CorpusTests {
    private static let folder = "\(Repository.root)/Tests/FuzzingTests/Corpus"

    @Test("breaks no promise", arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/\(target.rawValue)")
        #expect(!names.isEmpty)
        for name in names.sorted() {
            let url = URL(filePath: "\(Self.folder)/\(target.rawValue)/\(name)")
            target.run([UInt8](try Data(contentsOf: url)))
        }
    }

    @Test("lies in a folder of a target each")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(names) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
