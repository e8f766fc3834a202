import Encoder
import Testing

@Suite("Classification scores")
struct SequenceClassifierTests {
    private func classifier(_ keys: [String: String]) throws -> SequenceClassifier {
        try #require(try TestModels.model(TestModels.classifier(keys)).model.classifier)
    }

    @Test("one right label: softmax, however large the logits")
    func softmax() throws {
        let classifier = try classifier(["id2label": "{\"0\": \"no\", \"1\": \"yes\"}"])
        #expect(classifier.labels == ["no", "yes"] && classifier.problemType == .singleLabel)
        #expect(classifier.scores(logits: [0, 0]) == [0.5, 0.5])
        #expect(classifier.scores(logits: [3e38, -3e38]) == [1, 0])
        let scores = classifier.scores(logits: [1, 2])
        #expect(abs(scores[1] - 0.731_058_6) < 1e-7 && abs(scores[0] + scores[1] - 1) < 1e-7)
    }

    @Test("any number of right labels: sigmoid of each")
    func sigmoid() throws {
        let classifier = try classifier(["num_labels": "4", "problem_type": "\"multi_label_classification\""])
        let scores = classifier.scores(logits: [0, 1, -3e38, 3e38])
        #expect(scores[0] == 0.5 && abs(scores[1] - 0.731_058_6) < 1e-7 && scores[2] == 0 && scores[3] == 1)
    }

    @Test("regression: the logits themselves")
    func regression() throws {
        let classifier = try classifier(["num_labels": "1", "problem_type": "\"regression\""])
        #expect(classifier.scores(logits: [-7.5]) == [-7.5])
    }

    @Test("one label without a problem_type: its sigmoid, as in transformers' pipeline")
    func oneLabel() throws {
        #expect(try classifier(["num_labels": "1"]).scores(logits: [0]) == [0.5])
    }

    @Test("calibrated scores are the problem type's function of the logits over the temperature in config.json")
    func calibration() throws {
        let labels = "{\"0\": \"no\", \"1\": \"yes\"}"
        let single = try classifier(["id2label": labels, "calibration_temperature": "2"])
        #expect(single.temperature == 2)
        let scores = single.calibratedScores(logits: [2, 4], temperature: 2)
        #expect(scores == single.scores(logits: [1, 2]) && scores != single.scores(logits: [2, 4]))
        let multi = try classifier(["id2label": labels, "problem_type": "\"multi_label_classification\""])
        #expect(multi.temperature == nil)
        #expect(multi.calibratedScores(logits: [0.5, 1], temperature: 0.5) == multi.scores(logits: [1, 2]))
    }

    @Test("the function that is asked for is applied, whatever the problem type")
    func functions() throws {
        let classifier = try classifier(["id2label": "{\"0\": \"no\", \"1\": \"yes\"}"])
        #expect(classifier.scores(logits: [1, 2], by: .identity) == [1, 2])
        #expect(classifier.scores(logits: [0, 0], by: .sigmoid) == [0.5, 0.5])
        #expect(classifier.scores(logits: [7, 7], by: .softmax) == [0.5, 0.5])
    }
}
