extension Checkpoint {
    /// The first tensor, by name, with a value that is no finite float32, and its file; nil when there is none. Reads
    /// all tensors of floats.
    package func nonFiniteTensor() throws(CheckpointError) -> (file: String, name: String)? {
        for name in tensorNames {
            guard let tensor = tensors[name] else { continue }
            switch tensor.descriptor.scalarType {
            case .float64, .float32, .float16, .bfloat16:
                let values = try float32(name, shape: tensor.descriptor.shape)
                if !values.allSatisfy(\.isFinite) { return (files[tensor.file].path, name) }
            default: continue
            }
        }
        return nil
    }
}
