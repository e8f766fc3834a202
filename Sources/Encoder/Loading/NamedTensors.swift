package import Checkpoint

/// Where weights come from: a ``Checkpoint``, or values that a test made up.
package protocol NamedTensors: Sendable {
    /// The file read, for messages.
    var source: String { get }
    /// Every tensor's name, sorted.
    var tensorNames: [String] { get }
    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool
    /// The tensor's values, row-major, as floats.
    func float32(_ name: String, shape: [Int]) throws(CheckpointError) -> [Float]
    /// Makes sure that there is such a tensor, before memory is asked for.
    func check(_ name: String, shape: [Int]) throws(CheckpointError)
    /// Fills `values` with those of the tensor, row-major, as floats.
    ///
    /// - Precondition: `values` has as many elements as the shape.
    func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(CheckpointError)
}

extension NamedTensors {
    /// Asks for the values.
    package func check(_ name: String, shape: [Int]) throws(CheckpointError) { _ = try float32(name, shape: shape) }

    /// Copies what ``float32(_:shape:)`` gives.
    package func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(CheckpointError) {
        for (index, value) in try float32(name, shape: shape).enumerated() { values[index] = value }
    }
}

extension Checkpoint: NamedTensors {}
