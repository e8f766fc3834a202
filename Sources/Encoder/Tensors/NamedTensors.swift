package import Checkpoint
internal import Foundation
package import ModelFiles

/// The source of a model's weights: a ``Checkpoint``, or values that a test made up.
package protocol NamedTensors: Sendable {
    /// The file read, for messages.
    var source: String { get }
    /// Every tensor's name, sorted.
    var tensorNames: [String] { get }
    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool
    /// The tensor's shape; nil if there is none of that name.
    func shape(_ name: String) -> [Int]?
    /// The tensor's values, row-major, as floats.
    func float32(_ name: String, shape: [Int]) throws(ModelError) -> [Float]
    /// Checks that there is such a tensor, without reading its values.
    func check(_ name: String, shape: [Int]) throws(ModelError)
    /// Fills `values` with the tensor's values, row-major, as floats.
    ///
    /// - Precondition: `values` has as many elements as the shape.
    func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(ModelError)
}

extension Checkpoint: NamedTensors {
    /// The tensor's shape; nil if there is none of that name.
    package func shape(_ name: String) -> [Int]? { descriptor(name)?.shape }
}

/// A matrix of the checkpoint, [outputs, inputs] row-major. Its values are read each time they are needed, so that no
/// second copy of a model's weights is held while they are packed.
struct StoredMatrix: Sendable {
    private enum Source: Sendable {
        case tensor(String, of: any NamedTensors)
        case values([Float])
    }

    let outputs: Int
    let inputs: Int
    private let source: Source

    /// The tensor `name` of `tensors`, as the file calls it.
    init(_ name: String, of tensors: any NamedTensors, outputs: Int, inputs: Int) {
        source = .tensor(name, of: tensors)
        self.outputs = outputs
        self.inputs = inputs
    }

    /// A matrix that the checkpoint leaves to be computed: sines and cosines of each row's index, as DistilBERT's
    /// `create_sinusoidal_embeddings` makes them. The columns are in pairs, and the angle of a pair is the index
    /// divided by 10000^(2 * pair / columns).
    init(sinusoidalRows rows: Int, columns: Int) {
        var values: [Float] = []
        values.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let angle = Double(row) / pow(10_000, Double(2 * (column / 2)) / Double(columns))
                values.append(Float(column.isMultiple(of: 2) ? sin(angle) : cos(angle)))
            }
        }
        source = .values(values)
        outputs = rows
        inputs = columns
    }

    /// Writes the values at the beginning of `values`, which grows if it must.
    ///
    /// - Throws: what is wrong when the tensor is missing, of another shape, or cannot be read.
    func read(into values: inout [Float]) throws(ModelError) {
        let count = outputs * inputs
        if values.count < count { values = Array(repeating: 0, count: count) }
        var span = values.mutableSpan
        var target = span._mutatingExtracting(first: count)
        try read(into: &target)
    }

    /// Fills `values`.
    ///
    /// - Precondition: there are `outputs * inputs` of them.
    func read(into values: inout MutableSpan<Float>) throws(ModelError) {
        switch source {
        case .tensor(let name, let tensors): try tensors.read(name, shape: [outputs, inputs], into: &values)
        case .values(let computed): for index in computed.indices { values[index] = computed[index] }
        }
    }
}
