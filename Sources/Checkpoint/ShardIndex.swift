/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`: which of several files holds which tensor.
struct ShardIndex {
    /// The index file's path, for messages.
    let path: String
    /// Tensor name to file name, as `weight_map` has it.
    let shardOfTensor: [String: String]

    init(path: String) throws(CheckpointError) {
        let file = try ConfigurationFile(path: path)
        guard let map = try file.stringMap("weight_map") else {
            throw .missingKey(file: path, key: "weight_map", expected: "an object of tensor names and file names")
        }
        // Sorted, so that of several faults the same one is always told.
        for (tensor, shard) in map.sorted(by: { $0.key < $1.key }) where !Self.isPlainName(shard) {
            throw .wrongValue(
                file: path,
                key: "weight_map.\(tensor)",
                found: quoted(shard),
                expected: "the name of a file in the same folder"
            )
        }
        self.path = path
        shardOfTensor = map
        if map.isEmpty {
            throw .wrongValue(file: path, key: "weight_map", found: "no tensors", expected: "at least one")
        }
        let limit = CheckpointLimits.shards
        guard shards.count <= limit else {
            throw .limitExceeded(file: path, what: "weight_map: files", found: "\(shards.count)", limit: limit)
        }
    }

    /// The files' names, sorted.
    var shards: [String] { Set(shardOfTensor.values).sorted() }

    /// Checks that the file `shard`, at `path`, holds exactly the tensors that the index places in it.
    func check(_ tensors: [StoredTensor], of shard: String, at path: String) throws(CheckpointError) {
        let found = Set(tensors.map(\.descriptor.name))
        let expected = Set(shardOfTensor.filter { $0.value == shard }.keys)
        if let absent = expected.subtracting(found).min() {
            throw .missingTensor(file: path, tensor: absent)
        }
        if let extra = found.subtracting(expected).min() {
            throw .malformed(
                file: path,
                place: "tensor \(quoted(extra))",
                found: "a tensor that \(self.path) does not place here",
                expected: "only those of its weight_map"
            )
        }
    }

    /// An index names its neighbours: anything that could lead out of the folder is refused.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}
