import Checkpoint
import Encoder
import ModelFiles

/// A model's files.
enum CheckpointFuzzing {
    /// A file of weights: each tensor can be read as the file declares it, or gives an error. No declaration makes the
    /// reader allocate memory that the file does not fill.
    static func weights(_ input: [UInt8], fileName: String) {
        let folder = Repository.scratchFolder(holding: input, as: fileName)
        guard let checkpoint = try? Checkpoint(file: "\(folder)/\(fileName)") else { return }
        for name in checkpoint.tensorNames {
            guard let descriptor = checkpoint.descriptor(name) else { preconditionFailure("no descriptor") }
            let floats = try? checkpoint.float32(name, shape: descriptor.shape).count
            let stored = try? checkpoint.bytes(name).count / (descriptor.scalarType.byteCount ?? 1)
            for count in [floats, stored].compactMap({ $0 }) {
                precondition(count <= input.count, "\(count) values from \(input.count) bytes")
                precondition(count == 0 || count == descriptor.shape.reduce(1, *))
            }
        }
    }

    /// A config.json: the sizes that are accepted can be multiplied without overflow.
    static func configuration(_ input: [UInt8]) {
        guard let file = try? JSONSection(bytes: input, path: "config.json") else { return }
        guard let configuration = try? EncoderConfiguration(file) else { return }
        precondition(configuration.hiddenSize > 0 && configuration.trueHiddenSize % configuration.headCount == 0)
        precondition(
            configuration.vocabularySize.multipliedReportingOverflow(by: configuration.hiddenSize).overflow == false
        )
    }
}
