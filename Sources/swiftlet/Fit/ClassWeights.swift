import Encoder
import JSON

/// The weights of labels in the loss, as `--class-weights` gives them.
enum ClassWeights: Equatable {
    /// scikit-learn's `balanced`: each label counts as much as any other, however many texts it has.
    case balanced
    /// A weight for each label, in id order.
    case given([Double])

    private static let balancedName = "balanced"

    /// Reads the option's value.
    ///
    /// - Throws: `usage` for another number of weights than labels, or weights that are not above 0; or where texts do
    ///   not have one label each.
    init(
        _ argument: String,
        labels: [String],
        problemType: SequenceClassifier.ProblemType
    ) throws(CommandError) {
        guard problemType == .singleLabel else { throw .usage("--class-weights is for one label for each text") }
        guard !argument.equals(Self.balancedName) else {
            self = .balanced
            return
        }
        let numbers = argument.pieces(separatedBy: ",").compactMap { Double($0.stripped) }
        guard numbers.count == labels.count, numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            let names = labels.joined(separator: ", ")
            throw .usage(
                "--class-weights \(argument): expected \(Self.balancedName), or \(labels.count) numbers above 0, "
                    + "for \(names)"
            )
        }
        self = .given(numbers)
    }

    /// The weights for texts of these classes: balanced, a label's is the number of texts over the number of labels
    /// times the number of the label's texts.
    func values(_ classes: [Int], labels: Int) -> [Double] {
        guard case .given(let weights) = self else {
            var counts = [Int](repeating: 0, count: labels)
            for label in classes { counts[label] += 1 }
            return counts.map { Double(classes.count) / Double(labels * max($0, 1)) }
        }
        return weights
    }
}
