import JSON
package import ModelFiles

/// The named tensors of a model folder.
///
/// Opening reads and checks the files' descriptions of their tensors. Values are read from the files when asked for,
/// and are not stored. Copies share the open files.
package struct Checkpoint: Sendable {
    /// The file that is read, or the index of several files; for messages.
    package let source: String
    /// The tensors' names, sorted.
    package let tensorNames: [String]

    let files: [OpenFile]
    let tensors: [ExactText: StoredTensor]

    /// Opens the file of weights in `directory` that config.json names, else the first of ``ModelFile/weights``.
    ///
    /// - Parameter configuration: config.json, where the folder has one that may name a file.
    /// - Throws: ``ModelError/nothingFound(directory:lookedFor:)`` when it holds none, or what is wrong with the
    ///   file found: a broken file is never skipped in favour of the next one.
    package init(directory: String, configuration: JSONSection? = nil) throws(ModelError) {
        let stated = try configuration.flatMap { file throws(ModelError) in try ModelFile.statedWeights(in: file) }
        for file in stated.map({ [$0] }) ?? ModelFile.weights {
            let path = file.path(in: directory)
            guard stated != nil || OpenFile.exists(path) else { continue }
            if file.isIndex {
                try self.init(index: try ShardIndex(path: path), directory: directory)
            } else {
                try self.init(file: path)
            }
            return
        }
        throw .nothingFound(directory: directory, lookedFor: ModelFile.weights.map(\.name))
    }

    /// Opens one file of tensors: safetensors by its name's ending, else either PyTorch format by its content.
    package init(file path: String) throws(ModelError) {
        let file = try OpenFile(path: path)
        try self.init(source: path, files: [file], tensors: [try CheckpointFormat.tensors(in: file)])
    }

    private init(index: ShardIndex, directory: String) throws(ModelError) {
        var files: [OpenFile] = []
        var tensors: [[StoredTensor]] = []
        for shard in index.shards {
            let path = directory + "/" + shard
            let file = try OpenFile(path: path)
            files.append(file)
            tensors.append(try CheckpointFormat.tensors(in: file))
        }
        try self.init(source: index.path, files: files, tensors: tensors)
    }

    /// `tensors` holds a list for each of `files`. Of tensors of one name in several files the last one counts, as for
    /// transformers.
    private init(source: String, files: [OpenFile], tensors: [[StoredTensor]]) throws(ModelError) {
        var byName: [ExactText: StoredTensor] = [:]
        for (file, list) in tensors.enumerated() {
            for var tensor in list {
                let name = tensor.descriptor.name
                tensor.file = file
                guard byName.updateValue(tensor, forKey: ExactText(name))?.file != file else {
                    throw .malformed(
                        file: files[file].path,
                        place: "tensor \(quoted(name))",
                        found: "the name a second time",
                        expected: "each name once"
                    )
                }
            }
        }
        self.source = source
        self.files = files
        self.tensors = byName
        tensorNames = byName.keys.sortedTexts
    }

    /// Whether there is a tensor named `name`.
    package func contains(_ name: String) -> Bool { tensors[ExactText(name)] != nil }

    /// The file's description of the tensor named `name`; nil if there is none.
    package func descriptor(_ name: String) -> TensorDescriptor? { tensors[ExactText(name)]?.descriptor }
}

extension Checkpoint {
    /// Makes sure that there is a tensor `name` of the given shape, without reading it.
    ///
    /// - Throws: as ``read(_:shape:into:)``, but for types that can't be read.
    package func check(_ name: String, shape: [Int]) throws(ModelError) { _ = try locate(name, shape: shape) }

    /// The values of tensor `name`, row-major, which must have the given shape.
    ///
    /// - Throws: as ``read(_:shape:into:)``.
    package func float32(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        var values = [Float](repeating: 0, count: try locate(name, shape: shape).count)
        var span = values.mutableSpan
        try read(name, shape: shape, into: &span)
        return values
    }

    /// Fills `values` with those of tensor `name`, row-major, which must have the given shape. Narrower floats become
    /// float32 exactly; float64 and integers round to the nearest.
    ///
    /// - Precondition: `values` has as many elements as the shape.
    /// - Throws: ``ModelError/missingTensor(file:tensor:)``,
    ///   ``ModelError/wrongShape(file:tensor:found:expected:)`` or, for unknown types,
    ///   ``ModelError/unsupportedScalarType(file:tensor:found:expected:)``.
    package func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(ModelError) {
        let (tensor, count) = try locate(name, shape: shape)
        precondition(values.count == count, "\(values.count) values asked for, but the shape has \(count)")
        let file = files[tensor.file]
        let elements = StoredElements(tensor)
        switch tensor.descriptor.scalarType {
        case .float32: try elements.readFloats(from: file, into: &values)
        case .float16: try elements.read(from: file, into: &values) { Float(float16: $0) }
        case .bfloat16: try elements.read(from: file, into: &values) { Float(bfloat16: $0) }
        case .float64: try elements.read(from: file, into: &values) { (value: Double) in Float(value) }
        case .float8e4m3: try elements.read(from: file, into: &values) { Float(float8e4m3: $0) }
        case .float8e5m2: try elements.read(from: file, into: &values) { Float(float8e5m2: $0) }
        case .int64: try elements.read(from: file, into: &values) { (value: Int64) in Float(value) }
        case .int32: try elements.read(from: file, into: &values) { (value: Int32) in Float(value) }
        case .int16: try elements.read(from: file, into: &values) { (value: Int16) in Float(value) }
        case .int8: try elements.read(from: file, into: &values) { (value: Int8) in Float(value) }
        case .uint64: try elements.read(from: file, into: &values) { (value: UInt64) in Float(value) }
        case .uint32: try elements.read(from: file, into: &values) { (value: UInt32) in Float(value) }
        case .uint16: try elements.read(from: file, into: &values) { (value: UInt16) in Float(value) }
        case .uint8: try elements.read(from: file, into: &values) { (value: UInt8) in Float(value) }
        case .bool: try elements.read(from: file, into: &values) { (value: UInt8) in value == 0 ? 0 : 1 }
        case .other: throw unsupported(tensor, expected: "a type that this program knows")
        }
    }

    /// The elements of tensor `name`, row-major, in the bytes that they have in the file, whatever their type.
    ///
    /// - Throws: `missingTensor`, or `unsupportedScalarType` for elements of unknown size.
    package func bytes(_ name: String) throws(ModelError) -> [UInt8] {
        guard let shape = descriptor(name)?.shape else { throw .missingTensor(file: source, tensor: name) }
        let (tensor, count) = try locate(name, shape: shape)
        switch tensor.descriptor.scalarType.byteCount {
        case 1: return try bytes(tensor, [UInt8](repeating: 0, count: count))
        case 2: return try bytes(tensor, [UInt16](repeating: 0, count: count))
        case 4: return try bytes(tensor, [UInt32](repeating: 0, count: count))
        default: return try bytes(tensor, [UInt64](repeating: 0, count: count))
        }
    }

    private func bytes<Scalar: BitwiseCopyable>(
        _ tensor: StoredTensor,
        _ scratch: [Scalar]
    ) throws(ModelError) -> [UInt8] {
        var scratch = scratch
        var span = scratch.mutableSpan
        try StoredElements(tensor).read(from: files[tensor.file], into: &span) { (scalar: Scalar) in scalar }
        return unsafe scratch.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The first tensor, by name, with a value that is not a finite float32, and its file; nil if there is none. This
    /// reads all tensors of floats.
    package func nonFiniteTensor() throws(ModelError) -> (file: String, name: String)? {
        for name in tensorNames {
            guard let tensor = tensors[ExactText(name)] else { continue }
            switch tensor.descriptor.scalarType {
            case .float64, .float32, .float16, .bfloat16, .float8e4m3, .float8e5m2:
                let values = try float32(name, shape: tensor.descriptor.shape)
                if !values.allSatisfy(\.isFinite) { return (files[tensor.file].path, name) }
            default: continue
            }
        }
        return nil
    }

    /// The tensor `name`, if its shape is `shape`, and its count of elements.
    private func locate(_ name: String, shape: [Int]) throws(ModelError) -> (tensor: StoredTensor, count: Int) {
        guard let tensor = tensors[ExactText(name)] else { throw .missingTensor(file: source, tensor: name) }
        let file = files[tensor.file].path
        let found = tensor.descriptor.shape
        guard found == shape else {
            throw .wrongShape(file: file, tensor: name, found: found, expected: shape)
        }
        guard let size = tensor.descriptor.scalarType.byteCount else {
            throw unsupported(tensor, expected: "a type that this program knows")
        }
        // A view may repeat the elements of a storage (stride 0). Weights do not, and a file of a few bytes must not
        // make us allocate gigabytes.
        let stored = tensor.storage.count / size
        guard let count = elementCount(of: shape), count <= stored else {
            throw .malformed(
                file: file,
                place: "tensor \(quoted(name))",
                found: "shape \(found)",
                expected: "at most the \(stored) elements of its storage"
            )
        }
        return (tensor, count)
    }

    private func unsupported(_ tensor: StoredTensor, expected: String) -> ModelError {
        .unsupportedScalarType(
            file: files[tensor.file].path,
            tensor: tensor.descriptor.name,
            found: tensor.descriptor.scalarType.description,
            expected: expected
        )
    }
}
