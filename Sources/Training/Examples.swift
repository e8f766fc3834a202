/// A text, or a pair of texts, as the model reads it.
package struct TokenizedSequence: Sendable {
    /// The word pieces' ids, special tokens included.
    package let ids: [Int32]
    /// The token types, as many.
    package let typeIDs: [Int32]

    /// - Precondition: both have the same count, at least 1.
    package init(ids: [Int32], typeIDs: [Int32]) {
        precondition(!ids.isEmpty && ids.count == typeIDs.count, "\(ids.count) ids, \(typeIDs.count) types")
        self.ids = ids
        self.typeIDs = typeIDs
    }
}

/// What the model should say of an example.
package enum Target: Sendable, Equatable {
    /// The class with this index, or the right one of the example's sequences.
    case label(Int)
    /// A number for each logit: 1 for labels that apply and 0 for others, or the values of a regression.
    case values([Float])
    /// A label for each token of the only sequence, or ``ignored``.
    case tokenLabels([Int32])
    /// The first and the last token of the answer. One behind the sequence's end does not count.
    case span(ClosedRange<Int>)
    /// Nothing beside the sequences, which belong together.
    case none

    /// Instead of the label of a token that has none: transformers' -100.
    package static let ignored: Int32 = -100

    /// The labels of the tokens that have one.
    package var labels: [Int] {
        if case .tokenLabels(let labels) = self { labels.filter { $0 != Self.ignored }.map { Int($0) } } else { [] }
    }

    /// The score of a pair; nil if it has none.
    var score: Float? { if case .values(let values) = self, values.count > 0 { values[0] } else { nil } }

    /// The class by which examples are divided into parts; one for all where an example has no single class.
    package var stratum: Int { if case .label(let label) = self { label } else { 0 } }

    /// The number of tokens that have a label.
    var labelledCount: Int {
        if case .tokenLabels(let labels) = self { labels.reduce(0) { $0 + ($1 == Self.ignored ? 0 : 1) } } else { 0 }
    }
}

/// One or several sequences that belong together, with what the model should say of them.
package struct TokenizedExample: Sendable {
    /// The sequences, at least one.
    package let sequences: [TokenizedSequence]
    /// The output that the model should give.
    package let target: Target

    /// - Precondition: there is a sequence.
    package init(_ sequences: [TokenizedSequence], _ target: Target) {
        precondition(!sequences.isEmpty, "an example without sequences")
        self.sequences = sequences
        self.target = target
    }

    /// The tokens of all sequences.
    package var tokenCount: Int { sequences.reduce(0) { $0 + $1.ids.count } }
}

/// Examples to learn from, or to measure on.
package struct TrainingSet: Sendable {
    /// The examples.
    package var examples: [TokenizedExample]
    /// Gives metrics that need more than the examples' targets, such as texts or the labels' names.
    package var scorer: (@Sendable ([ExampleOutput]) -> [Metric: Double])?

    /// A set of these examples.
    package init(_ examples: [TokenizedExample], scorer: (@Sendable ([ExampleOutput]) -> [Metric: Double])? = nil) {
        self.examples = examples
        self.scorer = scorer
    }

    /// The capacity that a batch of so many examples needs, whichever they are.
    ///
    /// - Parameter masking: what will label tokens; nil if the examples have all labels.
    package func capacity(batchSize: Int, members: Int, masking: Masking? = nil) -> BatchCapacity {
        func most(_ count: (TokenizedExample) -> Int) -> Int {
            examples.map(count).sorted(by: >).prefix(batchSize).reduce(0, +)
        }
        return BatchCapacity(
            tokens: most(\.tokenCount),
            sequences: most(\.sequences.count),
            longest: examples.joinedSequences.map(\.ids.count).max() ?? 1,
            members: members,
            labelled: most { masking?.count($0.target.labelledCount) ?? $0.target.labelledCount }
        )
    }
}

/// Some examples of a set, in an order of their own.
package struct ExampleBatch: Sendable {
    private let examples: [TokenizedExample]
    private let order: [Int]
    private let places: Range<Int>

    /// The examples with these numbers.
    ///
    /// - Parameters:
    ///   - order: numbers of examples.
    ///   - places: the part of the order that is meant.
    init(_ examples: [TokenizedExample], _ order: [Int], _ places: Range<Int>) {
        (self.examples, self.order, self.places) = (examples, order, places)
    }

    /// All of these examples.
    package init(_ examples: [TokenizedExample]) {
        self.init(examples, Array(examples.indices), examples.indices)
    }

    /// The number of examples.
    package var count: Int { places.count }

    /// The number of an example in its set.
    func number(_ index: Int) -> Int { order[places.lowerBound + index] }

    /// An example, from 0 on.
    subscript(index: Int) -> TokenizedExample { examples[number(index)] }
}

extension [TokenizedExample] {
    /// The sequences of all examples.
    var joinedSequences: some Sequence<TokenizedSequence> { lazy.flatMap(\.sequences) }
}
