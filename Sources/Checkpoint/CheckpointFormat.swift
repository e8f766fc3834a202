#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file by which a model folder can hold its weights.
struct CheckpointFormat {
    enum Content { case tensors, index }

    let fileName: String
    let content: Content

    /// safetensors first, as transformers prefers it: nothing in it is executed or interpreted.
    static let searchOrder = [
        CheckpointFormat(fileName: "model.safetensors", content: .tensors),
        CheckpointFormat(fileName: "model.safetensors.index.json", content: .index),
        CheckpointFormat(fileName: "pytorch_model.bin", content: .tensors),
        CheckpointFormat(fileName: "pytorch_model.bin.index.json", content: .index),
    ]

    /// Every tensor of the file.
    static func tensors(in file: CheckpointFile) throws(CheckpointError) -> [StoredTensor] {
        try file.withBytes { (bytes: RawSpan) throws(CheckpointError) in
            try tensors(in: bytes, file: file.path)
        }
    }

    /// Every tensor of the file at path `file`, whose bytes are `bytes`.
    static func tensors(in bytes: RawSpan, file: String) throws(CheckpointError) -> [StoredTensor] {
        if file.hasSuffix(".safetensors") { return try SafetensorsFile.tensors(in: bytes, file: file) }
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

/// Whether there is something at `path`, be it a link that leads nowhere: a model of which a part is missing must not
/// be taken for one that never had it.
func fileExists(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
}
