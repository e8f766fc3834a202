/// Bounds on what a model folder's files may ask for. Weights themselves have none but the file's size: they are mapped,
/// and read only when a tensor of the expected shape is asked for by name.
enum CheckpointLimits {
    /// Bytes of a configuration or shard-index file. The largest indexes of the Hub, with tens of thousands of tensors,
    /// take a few megabytes.
    static let configurationBytes = 16 << 20
    /// Bytes of a safetensors header; the format's own limit.
    static let safetensorsHeaderBytes = 100_000_000
    /// Values in one JSON document. A tensor's entry takes about ten, so 200,000 tensors fit; a document of nothing
    /// but brackets cannot take gigabytes.
    static let jsonValues = 2_000_000
    /// Arrays and objects inside each other. Configuration files use three; the parser recurses, so a bound is needed.
    static let jsonDepth = 64
    /// Characters of one JSON number. Python writes at most 24 for a double.
    static let jsonNumberLength = 512
    /// Dimensions of a tensor. Weights have at most four.
    static let rank = 16
    /// Files that an index may name; each holds a descriptor's worth of mapping.
    static let shards = 1_024
    /// Characters of a file's value quoted in an error message, which may end in a log.
    static let quotedCharacters = 80
}
