/// Shares one mapping among a checkpoint's copies; the file is unmapped with the last of them.
final class FileMapping: Sendable {
    let path: String
    private let mapped: MappedFile

    init(path: String) throws(CheckpointError) {
        self.path = path
        mapped = try MappedFile(path: path)
        try refusePlaceholder()
    }

    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mapped.withBytes(body)
    }

    /// A clone without Git LFS holds a line of text in each weight file's place.
    private func refusePlaceholder() throws(CheckpointError) {
        let isPlaceholder = mapped.withBytes { $0.starts(with: "version https://git-lfs") }
        if isPlaceholder {
            throw .malformed(
                file: path,
                place: "file",
                found: "a Git LFS pointer",
                expected: "the file itself (run `git lfs pull`)"
            )
        }
    }
}
