internal import Checkpoint

/// A matrix of the checkpoint, [outputs, inputs] row-major, whose values are read each time they are needed: nobody
/// holds a second copy of a model's weights while they are packed.
struct StoredMatrix: Sendable {
    let outputs: Int
    let inputs: Int
    private let tensors: any NamedTensors
    private let name: String

    /// The tensor `name` of `tensors`, as the file calls it.
    init(_ name: String, of tensors: any NamedTensors, outputs: Int, inputs: Int) {
        self.name = name
        self.tensors = tensors
        self.outputs = outputs
        self.inputs = inputs
    }

    /// Writes the values at the beginning of `values`, which grows if it must.
    ///
    /// - Throws: ``EncoderError/checkpoint(_:)`` when the tensor is missing or of another shape.
    func read(into values: inout [Float]) throws(EncoderError) {
        let count = outputs * inputs
        if values.count < count { values = Array(repeating: 0, count: count) }
        var span = values.mutableSpan
        var target = span._mutatingExtracting(first: count)
        try read(into: &target)
    }

    /// The mean square of each column, for which the values are read into `values`.
    func columnSquares(_ values: inout [Float]) throws(EncoderError) -> [Double] {
        try read(into: &values)
        var sums = Array(repeating: 0.0, count: inputs)
        for row in 0..<outputs { RowSums.addSquares(values, row * inputs, times: 1 / Double(outputs), to: &sums) }
        return sums
    }

    /// Fills `values`.
    ///
    /// - Precondition: there are `outputs * inputs` of them.
    func read(into values: inout MutableSpan<Float>) throws(EncoderError) {
        do throws(CheckpointError) {
            try tensors.read(name, shape: [outputs, inputs], into: &values)
        } catch {
            throw .checkpoint(error)
        }
    }
}
