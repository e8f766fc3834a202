/// Bounds on what a model folder's files may ask for. Weights themselves have none but the file's size: they are read
/// only when a tensor of the expected shape is asked for by name.
enum CheckpointLimits {
    /// Bytes of a configuration or shard-index file. The largest indexes of the Hub, with tens of thousands of tensors,
    /// take a few megabytes.
    static let configurationBytes = 16 << 20
    /// Bytes of a safetensors header; the format's own limit.
    static let safetensorsHeaderBytes = 100_000_000
    /// Dimensions of a tensor. Weights have at most four.
    static let rank = 16
    /// Bytes of one pickle. The state dictionary of a model with 24 layers takes 0.2 MB; a megabyte of names is much.
    static let pickleBytes = 64 << 20
    /// Opcodes of one pickle. A tensor takes about 30, so 100,000 tensors fit. Every opcode adds at most one value to
    /// the stack, the memo or an object, so this bounds their sizes too: there is no bomb of references to write.
    static let pickleOperations = 3_000_000
    /// Bytes of one string in a pickle: tensor names, storage keys, devices.
    static let pickleStringBytes = 64 << 10
    /// Files in a zip archive; PyTorch writes one for each storage and a handful more.
    static let zipEntries = 200_000
    /// Files that an index may name; each is kept open.
    static let shards = 256
    /// Characters of a file's value quoted in an error message, which may end in a log.
    static let quotedCharacters = 80
}
