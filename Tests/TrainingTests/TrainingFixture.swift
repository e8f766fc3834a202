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
        source = try TrainableCheckpoint(directory: path, head: .sequenceClassification)
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
            head: .sequenceClassification(labels: labels),
            training: training,
            capacity: TrainingSet(examples).capacity(batchSize: examples.count, members: members)
        )
        for parameter in model.parameters {
            try model.write(parameter) { values in
                try source.read(parameter.name, shape: parameter.shape, into: &values)
            }
        }
        return model
    }

    func examples(_ json: JSONValue) -> [TokenizedExample] {
        zip(json["texts"]?.elements ?? [], json["targets"]?.elements ?? []).map { text, target in
            TokenizedExample([sequence(text)], self.target(target))
        }
    }

    private func sequence(_ json: JSONValue) -> TokenizedSequence {
        TokenizedSequence(
            ids: (json["ids"]?.numbers ?? []).map { Int32($0) },
            typeIDs: (json["types"]?.numbers ?? []).map { Int32($0) }
        )
    }

    private func target(_ json: JSONValue) -> Target {
        if let label = json.integer { return .label(label) }
        return .values(json.numbers.map { Float($0) })
    }

    var loss: Loss { Loss(.sequences(problemType)) }

    /// The Encoder takes one label for a multi-label problem unless the file says else.
    var problemType: SequenceClassifier.ProblemType { source.configuration.problemType }
}

/// The largest difference, as a part of the largest expected magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return largest > 0 ? difference / largest : difference
}
