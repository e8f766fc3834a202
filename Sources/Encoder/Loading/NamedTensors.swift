package import Checkpoint

/// Where weights come from: a ``Checkpoint``, or values that a test made up.
package protocol NamedTensors {
    /// The file read, for messages.
    var source: String { get }
    /// Every tensor's name, sorted.
    var tensorNames: [String] { get }
    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool
    /// The tensor's values, row-major, as floats.
    func float32(_ name: String, shape: [Int]) throws(CheckpointError) -> [Float]
}

extension Checkpoint: NamedTensors {}
