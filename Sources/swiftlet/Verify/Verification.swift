import Compute
import Encoder
import Inference
import ModelFiles
import Tokenization

/// The result of one check.
struct Verification: Sendable, Equatable {
    var title: String
    var expected: [[Double]]
    /// The figures that this program computes; empty if it could not compute any.
    var found: [[Double]]
    /// A fault that the figures cannot show: another number of values, or the reason why nothing was computed; nil if
    /// there is none.
    var complaint: String?
    var matches: Bool
}

extension PublishedFigures {
    /// Checks a model by these figures.
    func verify(_ model: LoadedModel) -> [Verification] {
        let workspace = model.encoder.makeWorkspace()
        return checks.map { check in
            do {
                return check.verified(by: try check.output(of: model, workspace))
            } catch {
                return Verification(
                    title: check.title,
                    expected: check.figures,
                    found: [],
                    complaint: "could not be computed: \(error)",
                    matches: false
                )
            }
        }
    }
}

extension PublishedFigures.Check {
    /// The model's output for the input, alone in its batch.
    fileprivate func output(of model: LoadedModel, _ workspace: Workspace) throws -> EncoderOutput {
        let ids: [Int32]
        switch input {
        case .ids(let given): ids = given
        case .text(let text):
            guard let tokenizer = model.tokenizer else { throw ModelError.noTokenizer(directory: model.directory) }
            ids = try tokenizer.encode(text).ids
        }
        let sequence = InputSequence(inputIDs: ids, tokenTypeIDs: ids.map { _ in 0 }, task: output)
        let padTokenID = model.tokenizer?.padTokenID ?? 0
        let batch = Batch([sequence], padTokenID: padTokenID, minimumLength: paddedLength ?? 0)
        return try model.encoder.run(batch, workspace: workspace)[0].get()
    }

    /// Compares an output with the figures.
    func verified(by output: EncoderOutput) -> Verification {
        var complaint: String?
        if let count, output.shape.first != count {
            complaint = "\(output.shape.first ?? 0) in number, expected \(count)"
        }
        let width = output.shape.last ?? 0
        var found: [[Double]] = []
        for (index, row) in figures.enumerated() {
            let start = (firstRow + index) * width
            guard row.count <= width, start + width <= output.values.count else {
                complaint = "the output has the shape \(output.shape), too small for these figures"
                break
            }
            found.append(output.values[start..<start + row.count].map(Double.init))
        }
        let areNear = zip(figures, found).allSatisfy { zip($0, $1).allSatisfy(isNear) }
        return Verification(
            title: title,
            expected: figures,
            found: found,
            complaint: complaint,
            matches: complaint == nil && areNear
        )
    }

    private func isNear(_ expected: Double, _ found: Double) -> Bool {
        switch tolerance {
        case .relative(let bound): abs(found / expected - 1) <= bound
        case .absolute(let bound): abs(found - expected) <= bound
        }
    }
}
