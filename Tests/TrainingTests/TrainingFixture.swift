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
        "mobilebert-no-pooler", "distilbert-sinusoidal",
    ]
    /// Those of the other heads.
    static let headNames =
        ["bert", "distilbert", "mobilebert"].flatMap { name in
            ["tokens", "answers", "masked", "choices"].map { "\(name)-\($0)" }
        } + ["bert-masked-untied"]
    static let trainedNames = ["bert", "distilbert", "mobilebert", "mobilebert-layer-norm"]

    let path: String
    let source: TrainableCheckpoint
    let head: Head

    init(_ name: String) throws {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        path = root.appending(path: "Tests/Fixtures/training/\(name)").path
        let stated = try TrainableCheckpoint(directory: path, head: nil).configuration.statedHeads
        head = stated.first ?? .sequenceClassification
        source = try TrainableCheckpoint(directory: path, head: head)
    }

    func json(_ file: String) throws -> JSONValue {
        try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: "\(path)/\(file)"))))
    }

    private var kind: HeadKind {
        let labels = source.configuration.labels.count
        return switch head {
        case .tokenClassification: .tokenClassification(labels: labels)
        case .questionAnswering: .questionAnswering
        case .maskedLanguageModel: .maskedLanguageModel
        case .multipleChoice: .multipleChoice
        case .sequenceClassification, .nextSentence: .sequenceClassification(labels: labels)
        }
    }

    /// A model with the fixture's weights.
    func model(
        _ examples: [TokenizedExample],
        training: TrainedPart = .all,
        members: Int = 1,
        dropout: TrainingConfiguration? = nil,
        kernels: TrainingKernels? = nil
    ) throws -> TrainableModel {
        let model = try TrainableModel(
            source.configuration,
            dropout ?? source.training.withoutDropout,
            head: kind,
            training: training,
            capacity: TrainingSet(examples).capacity(batchSize: examples.count, members: members),
            kernels: kernels
        )
        for parameter in model.parameters {
            try model.write(parameter) { values in
                try source.read(parameter.name, shape: parameter.shape, into: &values)
            }
        }
        return model
    }

    func examples(_ json: JSONValue) -> [TokenizedExample] {
        let (texts, count) = (json["texts"]?.elements ?? [], json["choices"]?.integer ?? 1)
        return (json["targets"]?.elements ?? []).enumerated().map { number, target in
            let own = texts[number * count..<(number + 1) * count]
            return TokenizedExample(own.map(sequence), self.target(target))
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
        let numbers = json.numbers.map { Int32($0) }
        if head == .questionAnswering { return .span(Int(numbers[0])...Int(numbers[1])) }
        if head == .tokenClassification || head == .maskedLanguageModel { return .tokenLabels(numbers) }
        return .values(json.numbers.map { Float($0) })
    }

    var loss: Loss {
        switch head {
        case .tokenClassification: Loss(.tokens(areEntities: false))
        case .questionAnswering: Loss(.spans)
        case .maskedLanguageModel: Loss(.maskedTokens)
        case .multipleChoice: Loss(.choices)
        case .sequenceClassification, .nextSentence: Loss(.sequences(source.configuration.problemType))
        }
    }
}

/// The largest difference, as a part of the largest expected magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return largest > 0 ? difference / largest : difference
}
