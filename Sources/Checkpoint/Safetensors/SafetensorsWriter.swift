import JSON
package import ModelFiles

/// A tensor to be written.
package struct OutgoingTensor: Sendable {
    /// The source of the tensor's elements.
    package enum Content: Sendable {
        /// float32 values, row-major.
        case values([Float])
        /// float32 values, row-major, that are made when they are written.
        case made(@Sendable () -> [Float])
        /// A tensor of a checkpoint, in the type that it has there.
        case stored(in: Checkpoint, name: String)
    }

    /// The key.
    package let name: String
    /// Dimensions, outermost first.
    package let shape: [Int]
    let scalarType: ScalarType
    let content: Content

    /// A tensor of float32 values.
    ///
    /// - Precondition: there are as many values as the shape has elements.
    package init(name: String, shape: [Int], values: [Float]) {
        precondition(elementCount(of: shape) == values.count, "\(values.count) values of shape \(shape)")
        self.name = name
        self.shape = shape
        scalarType = .float32
        content = .values(values)
    }

    /// A tensor of float32 values that are made when they are written, so that no second copy of all tensors is held.
    ///
    /// - Parameter values: gives as many values as the shape has elements.
    package init(name: String, shape: [Int], values: @escaping @Sendable () -> [Float]) {
        self.name = name
        self.shape = shape
        scalarType = .float32
        content = .made(values)
    }

    /// A stored tensor, unchanged, under another name.
    ///
    /// - Throws: ``ModelError/missingTensor(file:tensor:)``, or `unsupportedScalarType` for elements of unknown size.
    package init(name: String, of stored: String, in checkpoint: Checkpoint) throws(ModelError) {
        let descriptor = try checkpoint.readable(stored)
        self.name = name
        shape = descriptor.shape
        scalarType = descriptor.scalarType
        content = .stored(in: checkpoint, name: stored)
    }
}

/// Writes safetensors files, as ``SafetensorsFile`` reads them.
package enum SafetensorsWriter {
    /// The data begins at a multiple of this, as in files of the format's own library.
    private static let alignment = 8

    /// Writes tensors, whose names must differ.
    ///
    /// - Parameter sink: takes the file's bytes, piece by piece.
    /// - Throws: ``ModelError`` where a stored tensor cannot be read, or what `sink` throws.
    package static func write(_ tensors: [OutgoingTensor], to sink: ([UInt8]) throws -> Void) throws {
        // Wide elements first, so that all are aligned.
        let ordered = tensors.sorted { a, b in
            let (wide, narrow) = (a.scalarType.byteCount ?? 0, b.scalarType.byteCount ?? 0)
            return wide == narrow ? ExactText(a.name) < ExactText(b.name) : wide > narrow
        }
        try sink(header(of: ordered))
        for tensor in ordered {
            switch tensor.content {
            case .values(let values): try sink(bytes(of: values))
            case .made(let values): try sink(bytes(of: values()))
            case .stored(let checkpoint, let name): try sink(checkpoint.bytes(name))
            }
        }
    }

    private static func header(of tensors: [OutgoingTensor]) -> [UInt8] {
        var writer = JSONWriter()
        var end = 0
        writer.object { writer in
            // transformers refuses a file that does not say which library's tensors it holds.
            writer.key("__metadata__")
            writer.object { writer in
                writer.key("format")
                writer.string("pt")
            }
            for tensor in tensors {
                let begin = end
                end += tensor.shape.reduce(tensor.scalarType.byteCount ?? 0, *)
                writer.key(tensor.name)
                writer.object { writer in
                    writer.key("dtype")
                    writer.string(tensor.scalarType.safetensorsName)
                    writer.key("shape")
                    writer.array(tensor.shape) { $0.integer($1) }
                    writer.key("data_offsets")
                    writer.array([begin, end]) { $0.integer($1) }
                }
            }
        }
        var text = writer.takeBytes()
        while text.count % alignment != 0 { text.append(UInt8(ascii: " ")) }
        var file: [UInt8] = []
        file.append(littleEndian: UInt64(text.count))
        return file + text
    }

    private static func bytes(of values: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: values)
        return bytes
    }
}

extension Checkpoint {
    /// The description of a tensor whose elements have a known size.
    fileprivate func readable(_ name: String) throws(ModelError) -> TensorDescriptor {
        guard let descriptor = descriptor(name) else { throw .missingTensor(file: source, tensor: name) }
        try check(name, shape: descriptor.shape)
        return descriptor
    }
}
