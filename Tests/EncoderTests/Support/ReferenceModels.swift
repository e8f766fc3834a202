import Checkpoint
import Encoder
import Foundation
import Testing

/// The reference models: the small ones of Tests/Fixtures, all of them where the reference folder is present.
enum Reference {
    /// This package's folder: four levels above this file.
    private static let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        .path

    /// The names of the committed ones.
    static let committed = models(in: "\(root)/Tests/Fixtures/models").map(\.name)

    /// The small reference models: those that are committed, and all others where the reference folder is there.
    static let smallModels: [ReferenceModel] = {
        let fixtures = models(in: "\(root)/Tests/Fixtures/models")
        let environment = ProcessInfo.processInfo.environment["SWIFTLET_REFERENCE"]
        let others = models(in: (environment ?? "\(root)/../shared/reference") + "/models")
        if others.isEmpty { print("no reference folder (SWIFTLET_REFERENCE): only the committed models are compared") }
        return fixtures + others.filter { other in !fixtures.contains { $0.name == other.name } }
    }()

    /// `full-random` and `full-wide`, of google/mobilebert-uncased's shape, where SWIFTLET_REFERENCE_FULL says they
    /// are.
    static let fullModels: [ReferenceModel] = {
        let folder = ProcessInfo.processInfo.environment["SWIFTLET_REFERENCE_FULL"]
        if folder == nil { print("SWIFTLET_REFERENCE_FULL is not set: the 24-layer models are not compared") }
        return folder.map { models(in: $0) } ?? []
    }()

    private static func models(in folder: String) -> [ReferenceModel] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { ReferenceModel(folder: "\(folder)/\($0)") }.filter(\.hasExpectedOutputs)
    }
}

/// A reference checkpoint with what transformers computes for it, in double precision.
struct ReferenceModel: Sendable, CustomTestStringConvertible {
    let folder: String
    var name: String { URL(filePath: folder).lastPathComponent }
    var testDescription: String { name }

    var hasExpectedOutputs: Bool { FileManager.default.fileExists(atPath: "\(folder)/expected.safetensors") }

    /// The inputs and outputs of each case. Multiple choice checkpoints' inputs are [1, choices, tokens]; each choice
    /// is a row of its own.
    func cases() throws -> [ReferenceCase] {
        let expected = try Checkpoint(file: "\(folder)/expected.safetensors")
        var cases: [ReferenceCase] = []
        while let descriptor = expected.descriptor("case\(cases.count).input_ids") {
            cases.append(try ReferenceCase("case\(cases.count)", descriptor.shape, expected))
        }
        return cases
    }
}

/// One input and its outputs by name.
struct ReferenceCase {
    let rows: Int
    let length: Int
    let inputIDs: [Int32]
    let tokenTypeIDs: [Int32]
    /// Values and shape, batch dimension included.
    let outputs: [String: (values: [Float], shape: [Int])]

    init(_ name: String, _ shape: [Int], _ file: Checkpoint) throws {
        length = try #require(shape.last)
        rows = shape.dropLast().reduce(1, *)
        inputIDs = try file.int64("\(name).input_ids", shape: shape).map { Int32($0) }
        // DistilBERT has none.
        tokenTypeIDs =
            file.contains("\(name).token_type_ids")
            ? try file.int64("\(name).token_type_ids", shape: shape).map { Int32($0) } : inputIDs.map { _ in 0 }
        var outputs: [String: (values: [Float], shape: [Int])] = [:]
        for tensor in file.tensorNames where tensor.hasPrefix("\(name).") && !tensor.hasSuffix("_ids") {
            guard let shape = file.descriptor(tensor)?.shape else { continue }
            outputs[String(tensor.dropFirst(name.count + 1))] = (try file.float32(tensor, shape: shape), shape)
        }
        self.outputs = outputs
    }

    /// The case as a batch without padding.
    var batch: EncoderBatch {
        EncoderBatch(
            rows: rows,
            length: length,
            inputIDs: inputIDs,
            tokenTypeIDs: tokenTypeIDs,
            attentionMask: Array(repeating: 1, count: rows * length)
        )
    }
}
