/// The named tensors of a model folder.
///
/// Opening reads and checks what the files say about their tensors; values are read from the files when asked for, and
/// nothing is kept of them. Copies share the open files.
package struct Checkpoint: Sendable {
    /// The file read, or the index file of several; for messages.
    package let source: String
    /// The tensors' names, sorted.
    package let tensorNames: [String]

    let files: [CheckpointFile]
    let tensors: [String: StoredTensor]

    /// Opens the first of ``CheckpointFormat/searchOrder`` that `directory` holds.
    ///
    /// - Throws: ``CheckpointError/nothingFound(directory:lookedFor:)`` when it holds none, or what is wrong with the
    ///   file found: a broken file is never passed over for the next.
    package init(directory: String) throws(CheckpointError) {
        for format in CheckpointFormat.searchOrder {
            let path = directory + "/" + format.fileName
            guard fileExists(path) else { continue }
            switch format.content {
            case .tensors: try self.init(file: path)
            case .index: try self.init(index: try ShardIndex(path: path), directory: directory)
            }
            return
        }
        throw .nothingFound(directory: directory, lookedFor: CheckpointFormat.searchOrder.map(\.fileName))
    }

    /// Opens one file of tensors: safetensors by its name's ending, else either PyTorch format by its content.
    package init(file path: String) throws(CheckpointError) {
        let file = try CheckpointFile(path: path)
        try self.init(source: path, files: [file], tensors: [try CheckpointFormat.tensors(in: file)])
    }

    private init(index: ShardIndex, directory: String) throws(CheckpointError) {
        var files: [CheckpointFile] = []
        var tensors: [[StoredTensor]] = []
        for shard in index.shards {
            let path = directory + "/" + shard
            let file = try CheckpointFile(path: path)
            let found = try CheckpointFormat.tensors(in: file)
            try index.check(found, of: shard, at: path)
            files.append(file)
            tensors.append(found)
        }
        try self.init(source: index.path, files: files, tensors: tensors)
    }

    /// `tensors` holds a list for each of `files`.
    private init(source: String, files: [CheckpointFile], tensors: [[StoredTensor]]) throws(CheckpointError) {
        var byName: [String: StoredTensor] = [:]
        for (file, list) in tensors.enumerated() {
            for var tensor in list {
                let name = tensor.descriptor.name
                tensor.file = file
                guard byName.updateValue(tensor, forKey: name) == nil else {
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
        tensorNames = byName.keys.sorted()
    }

    /// Whether there is a tensor named `name`.
    package func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// What the file says about the tensor named `name`; nil when there is none.
    package func descriptor(_ name: String) -> TensorDescriptor? { tensors[name]?.descriptor }
}
