import Checkpoint
import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Encoder

@Suite("The choice of heads")
struct HeadChoiceTests {
    /// The model of a folder whose config.json has other `architectures`; nil for none at all.
    private func model(
        _ reference: ReferenceModel,
        architectures: [String]?,
        head: Head? = nil,
        changing keys: [String: Any] = [:]
    ) throws -> EncoderModel {
        let path = reference.folder + "/config.json"
        let data = try Data(contentsOf: URL(filePath: path))
        var file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        file["architectures"] = architectures
        file.merge(keys) { $1 }
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: file))
        let checkpoint = try Checkpoint(directory: reference.folder)
        let configuration = try EncoderConfiguration(
            JSONSection(bytes: bytes, path: path),
            tensorNames: checkpoint.tensorNames
        )
        return try EncoderModel(configuration: configuration, tensors: checkpoint, head: head)
    }

    private static func fixture(_ name: String) throws -> ReferenceModel {
        try #require(Reference.smallModels.first { $0.name == name })
    }

    @Test(
        "without architectures, or with classes of the user's own, the tensors tell the head that the class told",
        arguments: Reference.smallModels
    )
    func tensorsTell(_ reference: ReferenceModel) throws {
        let stated = try EncoderModel(directory: reference.folder)
        for architectures in [nil, [], ["BertForMultiLabelSequenceClassification"], ["BertModel", "Mine"]] {
            let model = try model(reference, architectures: architectures)
            #expect(model.hasPooler == stated.hasPooler)
            let isOpen = model.warnings.contains { $0.contains("--task") }
            #expect(isOpen ? model.heads.isStrictSuperset(of: stated.heads) : model.heads == stated.heads)
            #expect(model.className == stated.className || stated.heads.count != 1)
            let classifiers: Set<Head> = [.sequenceClassification, .tokenClassification, .multipleChoice]
            #expect(
                model.warnings.count == stated.warnings.count + (stated.heads.isDisjoint(with: classifiers) ? 0 : 1)
            )
        }
    }

    @Test("where tensors fit several heads, all are there unless the user names one, and the warning says so")
    func open() throws {
        let regression = try Self.fixture("mobilebert-regression")
        let model = try model(regression, architectures: nil)
        #expect(model.heads == [.sequenceClassification, .multipleChoice])
        #expect(model.className == "MobileBertForSequenceClassification")
        #expect(model.warnings.contains { $0.contains("multiple-choice") && $0.contains("--task") })
        let named = try self.model(regression, architectures: nil, head: .multipleChoice)
        #expect(named.heads == [.multipleChoice] && named.className == "MobileBertForMultipleChoice")
        #expect(named.warnings.isEmpty)
    }

    @Test("a head that architectures names, and that the checkpoint cannot have, gives way to the one that it has")
    func impossible() throws {
        let entities = try Self.fixture("bert-tokens")
        for other in ["BertForSequenceClassification", "BertForMultipleChoice"] {
            let tokens = try model(entities, architectures: [other])
            #expect(tokens.heads == [.tokenClassification] && tokens.className == "BertForTokenClassification")
            #expect(tokens.warnings.contains { $0.contains("architectures") && $0.contains("token-classification") })
        }
        // What is a part of the stated head stays an error where the rest is missing.
        let distilled = try Self.fixture("distilbert-sentiment")
        let choice = try model(distilled, architectures: ["DistilBertForMultipleChoice"])
        #expect(choice.heads == [.sequenceClassification])
    }

    @Test("the user's word counts against architectures, and a head that is not there is named by its tensors")
    func named() throws {
        let sentiment = try Self.fixture("bert-sentiment")
        let tokens = try model(sentiment, architectures: ["BertForSequenceClassification"], head: .tokenClassification)
        #expect(tokens.heads == [.tokenClassification] && tokens.classifier == nil)
        let error = #expect(throws: ModelError.self) {
            try model(sentiment, architectures: nil, head: .questionAnswering)
        }
        #expect(try #require(error).description.contains("qa_outputs.weight"))
        let distilled = try Self.fixture("distilbert-sentiment")
        #expect(throws: ModelError.self) { try model(distilled, architectures: nil, head: .nextSentence) }
    }

    @Test("a head that does not fit the labels is an error where a class names it, and else left out with a warning")
    func mismatch() throws {
        let sentiment = try Self.fixture("bert-sentiment")
        let three = ["id2label": ["0": "a", "1": "b", "2": "c"]]
        #expect(throws: ModelError.self) {
            try model(sentiment, architectures: ["BertForSequenceClassification"], changing: three)
        }
        let left = try model(sentiment, architectures: nil, changing: three)
        #expect(left.heads.isEmpty && left.warnings.contains { $0.contains("classifier.weight") })
    }

    @Test("where num_labels and id2label disagree, the one that fits the head counts")
    func labelCounts() throws {
        let sentiment = try Self.fixture("bert-sentiment")
        let named = try model(sentiment, architectures: nil, changing: ["num_labels": 5])
        #expect(named.classifier?.labels == ["NEGATIVE", "POSITIVE"])
        let map = ["0": "a", "1": "b", "2": "c"]
        let plain = try model(sentiment, architectures: nil, changing: ["num_labels": 2, "id2label": map])
        #expect(plain.classifier?.labels == ["LABEL_0", "LABEL_1"])
    }
}
