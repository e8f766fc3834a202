internal import LinearAlgebra

/// A tensor of the model: its name, its shape, and its place among the parameters.
package struct Parameter: Sendable {
    /// The name as in `TensorNames`, without the base model's prefix.
    package let name: String
    /// Outermost dimension first.
    package let shape: [Int]
    /// Whether AdamW's weight decay applies: not to norms and biases.
    package let decays: Bool
    /// Whether training moves it. Only then does it have a gradient and moments.
    package let isTrained: Bool
    /// The value of all elements of a new vector: 1 in the weight of a norm, else 0.
    let initialValue: Float
    /// The number of layers below it, from 0 for embeddings; by it, learning rates may differ.
    package let depth: Int
    /// Floats before it among the trained parameters, or among the others.
    let offset: Int
    /// The number of its values.
    package let count: Int
    let rows, columns: Int

    init(
        name: String,
        shape: [Int],
        decays: Bool,
        isTrained: Bool,
        initialValue: Float,
        depth: Int,
        offset: Int
    ) {
        (self.name, self.shape, self.decays, self.isTrained) = (name, shape, decays, isTrained)
        (self.initialValue, self.depth, self.offset) = (initialValue, depth, offset)
        count = shape.reduce(1, *)
        columns = shape.last ?? 1
        rows = shape.count > 1 ? shape[0] : 1
    }

    /// The matrix at `base`, row after row without gaps, as in a file.
    func region(at base: Int) -> MatrixRegion {
        MatrixRegion(offset: base + offset, rows: rows, columns: columns, stride: columns)
    }

    /// The values as one row.
    func row(at base: Int) -> MatrixRegion {
        MatrixRegion(offset: base + offset, rows: 1, columns: count, stride: count)
    }
}

/// The place of activations, or of their gradients, for the largest batch.
struct ActivationPlace: Sendable {
    /// What the rows stand for.
    enum Rows: Sendable {
        case tokens
        case sequences
        /// Tokens with a label of their own.
        case labelled
        case members
    }

    let rows: Rows
    let offset: Int
    let columns: Int
    let stride: Int
}

/// The sizes of the largest batch, and the number of threads.
package struct BatchCapacity: Sendable, Equatable {
    /// Tokens of all sequences together.
    package var tokens: Int
    /// Sequences.
    package var sequences: Int
    /// Tokens of the longest sequence.
    package var longest: Int
    /// Threads that compute a step together.
    package var members: Int
    /// Tokens with a label of their own.
    package var labelled: Int

    /// All sizes as given.
    package init(tokens: Int, sequences: Int, longest: Int, members: Int, labelled: Int = 0) {
        self.tokens = tokens
        self.sequences = sequences
        self.longest = longest
        self.members = members
        self.labelled = labelled
    }

    /// The rows of a matrix that has a row for each of these.
    func rows(_ kind: ActivationPlace.Rows) -> Int {
        switch kind {
        case .tokens: tokens
        case .sequences: sequences
        case .labelled: labelled
        case .members: members
        }
    }

    /// The capacity for batches that fit one or the other.
    package func union(_ other: BatchCapacity) -> BatchCapacity {
        BatchCapacity(
            tokens: max(tokens, other.tokens),
            sequences: max(sequences, other.sequences),
            longest: max(longest, other.longest),
            members: max(members, other.members),
            labelled: max(labelled, other.labelled)
        )
    }
}

/// Gives the parts of a model their parameters and places, one behind the other.
struct MemoryPlan {
    private(set) var parameters: [Parameter] = []
    private(set) var trainedFloats = 0
    private(set) var frozenFloats = 0
    private(set) var activationFloats = 0
    private(set) var sites: UInt64 = 0
    let capacity: BatchCapacity
    /// Whether the parameters at a depth are trained.
    let trains: @Sendable (Int) -> Bool
    /// The depth of the parameters that come next.
    var depth = 0

    init(capacity: BatchCapacity, trains: @escaping @Sendable (Int) -> Bool) {
        self.capacity = capacity
        self.trains = trains
    }

    mutating func parameter(_ name: String, _ shape: [Int], decays: Bool, initialValue: Float = 0) -> Parameter {
        let isTrained = trains(depth)
        let parameter = Parameter(
            name: name,
            shape: shape,
            decays: decays,
            isTrained: isTrained,
            initialValue: initialValue,
            depth: depth,
            offset: isTrained ? trainedFloats : frozenFloats
        )
        let floats = AlignedBuffer.roundedUp(parameter.count)
        if isTrained { trainedFloats += floats } else { frozenFloats += floats }
        parameters.append(parameter)
        return parameter
    }

    mutating func place(_ columns: Int, rows: ActivationPlace.Rows = .tokens) -> ActivationPlace {
        place(columns, stride: AlignedBuffer.roundedUp(columns), rows: rows)
    }

    /// Two numbers for each row of a norm, without gaps.
    mutating func statistics(rows: ActivationPlace.Rows = .tokens) -> ActivationPlace {
        place(2, stride: 2, rows: rows)
    }

    private mutating func place(_ columns: Int, stride: Int, rows: ActivationPlace.Rows) -> ActivationPlace {
        let count = capacity.rows(rows)
        let place = ActivationPlace(rows: rows, offset: activationFloats, columns: columns, stride: stride)
        activationFloats += AlignedBuffer.roundedUp(count * stride)
        return place
    }

    /// A number for a matrix to which dropout applies.
    mutating func site() -> UInt64 {
        sites += 1
        return sites
    }
}
