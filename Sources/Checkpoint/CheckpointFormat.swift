import JSON
import ModelFiles

/// The formats that a file of weights can have.
enum CheckpointFormat {
    /// Every tensor of the file.
    static func tensors(in file: OpenFile) throws(ModelError) -> [StoredTensor] {
        try file.withBytes { (bytes: RawSpan) throws(ModelError) in
            try tensors(in: bytes, file: file.path)
        }
    }

    /// Every tensor of the file at path `file`, whose bytes are `bytes`.
    static func tensors(in bytes: RawSpan, file: String) throws(ModelError) -> [StoredTensor] {
        if file.ends(with: ".safetensors") { return try SafetensorsFile.tensors(in: bytes, file: file) }
        if TorchZipFile.isFormat(of: bytes) { return try TorchZipFile.tensors(in: bytes, file: file) }
        if TorchLegacyFile.isFormat(of: bytes) { return try TorchLegacyFile.tensors(in: bytes, file: file) }
        throw .malformed(
            file: file,
            place: "file",
            found: "an unknown format",
            expected: "PyTorch's zip or legacy format"
        )
    }
}

/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`: the files of a checkpoint in several. As for
/// transformers, a tensor is in the file that has it; what the index says of single tensors is not read.
struct ShardIndex {
    /// The index file's path, for messages.
    let path: String
    /// The files' names, sorted.
    let shards: [String]

    init(path: String) throws(ModelError) {
        let file = try JSONSection(path: path)
        guard let map = try file.stringMap("weight_map") else {
            throw .missingKey(file: path, key: "weight_map", expected: "an object of tensor names and file names")
        }
        // Sorted, so that always the same one of several faults is reported.
        var shards: Set<ExactText> = []
        for (tensor, shard) in map.sorted(by: { $0.key < $1.key }) {
            guard let inside = ModelFile.pathInside(shard) else {
                throw .wrongValue(
                    file: path,
                    key: "weight_map.\(tensor.text)",
                    found: quoted(shard),
                    expected: "the name of a file in the same folder"
                )
            }
            shards.insert(ExactText(inside))
        }
        if map.isEmpty {
            throw .wrongValue(file: path, key: "weight_map", found: "no tensors", expected: "at least one")
        }
        self.path = path
        self.shards = shards.sortedTexts
        let limit = CheckpointLimits.shards
        guard shards.count <= limit else {
            throw .limitExceeded(file: path, what: "weight_map: files", found: "\(shards.count)", limit: limit)
        }
    }
}

/// Bounds on what the files of weights may ask for. The weights themselves are bounded only by the file's size: they
/// are read only when a tensor of the expected shape is asked for by name.
enum CheckpointLimits {
    /// Bytes of a safetensors header; the format's own limit.
    static let safetensorsHeaderBytes = 100_000_000
    /// Dimensions of a tensor. Weights have at most four.
    static let rank = 16
    /// Bytes of one pickle. The state dictionary of a model with 24 layers takes 0.2 MB.
    static let pickleBytes = 64 << 20
    /// Opcodes of one pickle. A tensor takes about 30, so 100,000 tensors fit. Every opcode adds at most one value to
    /// the stack, the memo or an object, so this bounds their sizes too: no bomb of references can be written.
    static let pickleOperations = 3_000_000
    /// Bytes of one string in a pickle: tensor names, storage keys, devices.
    static let pickleStringBytes = 64 << 10
    /// Files in a zip archive; PyTorch writes one for each storage and a handful more.
    static let zipEntries = 200_000
    /// Files that an index may name; each is kept open.
    static let shards = 256
}

#if _endian(big)
#error("Checkpoint reads little-endian files in place; a big-endian CPU needs swaps in CheckpointScalar.")
#endif

extension RawSpan {
    /// The little-endian integer at byte `offset`, or nil when it does not lie wholly inside.
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, byteCount >= size, offset <= byteCount - size else { return nil }
        return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// A copy of the bytes at `range`, or nil when they do not lie wholly inside.
    func array(at range: Range<Int>) -> [UInt8]? {
        guard range.lowerBound >= 0, range.upperBound <= byteCount else { return nil }
        return unsafe extracting(range).withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Whether the bytes at `offset` are `text` in UTF-8.
    func contains(_ text: StaticString, at offset: Int) -> Bool {
        let expected = Array("\(text)".utf8)
        return array(at: offset..<offset + expected.count) == expected
    }

    func starts(with text: StaticString) -> Bool {
        contains(text, at: 0)
    }
}
