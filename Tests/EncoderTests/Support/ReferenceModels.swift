import Checkpoint
import Encoder
import Foundation
import Testing

/// The reference models: the small ones of Tests/Fixtures, all of them where the reference folder is present.
enum Reference {
    /// This package's folder: four levels above this file.
    static let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
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
        try Self.cases(in: "\(folder)/expected.safetensors")
    }

    /// The same model's cases with attention masks that are not all ones (scripts/make_mask_fixtures.py).
    func maskedCases() throws -> [ReferenceCase] {
        try Self.cases(in: "\(Reference.root)/Tests/Fixtures/masks/\(name).safetensors")
    }

    private static func cases(in file: String) throws -> [ReferenceCase] {
        let expected = try Checkpoint(file: file)
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
    /// Nil for ones.
    let attentionMask: [UInt8]?
    /// Values and shape, batch dimension included.
    let outputs: [String: (values: [Float], shape: [Int])]

    init(_ name: String, _ shape: [Int], _ file: Checkpoint) throws {
        length = try #require(shape.last)
        rows = shape.dropLast().reduce(1, *)
        inputIDs = try Self.ids(file.bytes("\(name).input_ids"))
        // DistilBERT has none.
        tokenTypeIDs =
            file.contains("\(name).token_type_ids")
            ? try Self.ids(file.bytes("\(name).token_type_ids")) : inputIDs.map { _ in 0 }
        let mask = "\(name).attention_mask"
        attentionMask = file.contains(mask) ? try Self.ids(file.bytes(mask)).map { UInt8($0) } : nil
        var outputs: [String: (values: [Float], shape: [Int])] = [:]
        for tensor in file.tensorNames
        where tensor.hasPrefix("\(name).") && !tensor.hasSuffix("_ids") && tensor != mask {
            guard let shape = file.descriptor(tensor)?.shape else { continue }
            outputs[String(tensor.dropFirst(name.count + 1))] = (try file.float32(tensor, shape: shape), shape)
        }
        self.outputs = outputs
    }

    /// Ids as NumPy stores them: 64-bit integers.
    private static func ids(_ bytes: [UInt8]) -> [Int32] {
        bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 8).map {
                Int32(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self)))
            }
        }
    }

    /// The rows of the case, none of which is padded.
    var texts: [TestText] {
        (0..<rows).map { row in
            let range = row * length..<(row + 1) * length
            return (Array(inputIDs[range]), Array(tokenTypeIDs[range]))
        }
    }
}

/// Expected and computed values of some hidden units.
struct Comparison {
    let width: Int
    private var expected: [Double] = []
    private var computed: [Float] = []

    init(width: Int) { self.width = width }

    /// Compares two arrays of floats at once.
    static func worst(_ expected: [Float], _ computed: [Float], width: Int) -> Double {
        var comparison = Comparison(width: width)
        comparison.add(expected.map { Double($0) }, computed[...])
        return comparison.worst
    }

    /// Adds values of whole tokens.
    mutating func add(_ expected: [Double], _ computed: ArraySlice<Float>) {
        self.expected += expected
        self.computed += computed
    }

    /// The largest error, as a fraction of its unit's largest value.
    var worst: Double {
        guard expected.count == computed.count else { return .infinity }
        var ranges = Array(repeating: 1e-30, count: width)
        for (index, value) in expected.enumerated() { ranges[index % width] = max(ranges[index % width], abs(value)) }
        return expected.indices.map { abs(Double(computed[$0]) - expected[$0]) / ranges[$0 % width] }.max() ?? 0
    }
}
