import Checkpoint
import Encoder
import Foundation
import JSON
import LinearAlgebra
import TestSupport
import Testing

@testable import Training

/// A folder of Tests/Fixtures/training, written by scripts/make_gradient_fixtures.py.
struct TrainingFixture {
    static let names = [
        "bert", "bert-multilabel", "bert-regression", "bert-causal", "distilbert", "mobilebert",
        "mobilebert-layer-norm", "mobilebert-no-bottleneck", "mobilebert-bottleneck-attention",
        "mobilebert-no-shared-bottleneck", "mobilebert-no-trigram", "mobilebert-plain-embeddings",
        "mobilebert-no-pooler",
    ]
    static let trainedNames = ["bert", "distilbert", "mobilebert", "mobilebert-layer-norm"]

    let path: String
    let source: TrainableCheckpoint

    init(_ name: String) throws {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        path = root.appending(path: "Tests/Fixtures/training/\(name)").path
        source = try TrainableCheckpoint(directory: path)
    }

    func json(_ file: String) throws -> JSONValue {
        try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: "\(path)/\(file)"))))
    }

    var labels: Int { source.configuration.labels.count }

    /// A model with the fixture's weights.
    func model(
        _ examples: [TokenizedExample],
        training: TrainedPart = .all,
        members: Int = 1,
        dropout: TrainingConfiguration? = nil
    ) throws -> TrainableModel {
        let model = try TrainableModel(
            source.configuration,
            dropout ?? source.training.withoutDropout,
            labels: labels,
            training: training,
            capacity: BatchCapacity(
                tokens: examples.reduce(0) { $0 + $1.ids.count },
                sequences: examples.count,
                longest: examples.map(\.ids.count).max() ?? 1,
                members: members
            )
        )
        for parameter in model.parameters {
            try model.write(parameter) { values in
                try source.read(parameter.name, shape: parameter.shape, into: &values)
            }
        }
        return model
    }

    func examples(_ json: JSONValue) -> [TokenizedExample] {
        (json["texts"]?.elements ?? []).map { text in
            TokenizedExample(
                ids: (text["ids"]?.numbers ?? []).map { Int32($0) },
                typeIDs: (text["types"]?.numbers ?? []).map { Int32($0) }
            )
        }
    }

    func targets(_ json: JSONValue) -> [Target] {
        (json["targets"]?.elements ?? []).map { target in
            if let label = target.integer { return .label(label) }
            return .values(target.numbers.map { Float($0) })
        }
    }

    var loss: Loss { Loss(problemType) }

    /// The Encoder takes one label for a multi-label problem unless the file says else.
    var problemType: SequenceClassifier.ProblemType { source.configuration.problemType }
}

/// The largest difference, as a part of the largest expected magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return largest > 0 ? difference / largest : difference
}
