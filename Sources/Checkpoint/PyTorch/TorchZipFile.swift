import JSON
import ModelFiles

/// Reads where the tensors of a PyTorch file lie: the zip format, written since PyTorch 1.6.
///
/// The archive holds a folder with `data.pkl`, the pickled state dictionary, and `data/<key>`, each storage's bytes.
enum TorchZipFile {
    static func isFormat(of bytes: RawSpan) -> Bool { bytes.starts(with: "PK\u{3}\u{4}") }

    /// Every tensor of the file whose bytes are `bytes`; `file` is for messages.
    static func tensors(in bytes: RawSpan, file: String) throws(ModelError) -> [StoredTensor] {
        let archive = try ZipArchive(bytes, file: file)
        let (folder, pickle) = try pickle(in: archive, file: file)
        try checkByteOrder(archive.entries[ExactText("\(folder)/byteorder")], bytes, file: file)
        let result = try Unpickler.load(from: bytes, at: pickle, file: file)
        let dictionary = try TorchStateDictionary(result, file: file)
        var ranges: [ExactText: Range<Int>] = [:]
        for (key, storage) in try dictionary.storages().sorted(by: { $0.key < $1.key }) {
            let name = "\(folder)/data/\(key.text)"
            let place = "zip entry \(quoted(name))"
            guard let range = archive.entries[ExactText(name)] else {
                throw .malformed(file: file, place: place, found: "no such entry", expected: "a storage's bytes")
            }
            let (size, overflow) = storage.elementCount.multipliedReportingOverflow(
                by: storage.scalarType.byteCount ?? 0
            )
            guard !overflow, range.count == size else {
                throw .malformed(
                    file: file,
                    place: place,
                    found: "\(range.count) bytes",
                    expected: "\(storage.elementCount) elements of \(storage.scalarType)"
                )
            }
            ranges[key] = range
        }
        return try dictionary.tensors(at: ranges)
    }

    /// The folder has the name that the file had when it was written, so it is found by its contents.
    private static func pickle(
        in archive: ZipArchive,
        file: String
    ) throws(ModelError) -> (folder: String, range: Range<Int>) {
        let found = archive.entries.compactMap { name, range -> (folder: String, range: Range<Int>)? in
            guard let folder = name.text.rest(before: "/data.pkl"), !folder.holds("/") else { return nil }
            return (String(folder), range)
        }
        guard found.count == 1 else {
            throw .malformed(
                file: file,
                place: "zip archive",
                found: "\(found.count) entries <folder>/data.pkl",
                expected: "one"
            )
        }
        return found[0]
    }

    /// Files from before PyTorch 2.1 do not tell their byte order. All are little-endian except those of IBM Z.
    private static func checkByteOrder(
        _ entry: Range<Int>?,
        _ bytes: RawSpan,
        file: String
    ) throws(ModelError) {
        guard let entry, !bytes.extracting(entry).starts(with: "little") else { return }
        throw .malformed(file: file, place: "byteorder", found: "another byte order", expected: "little")
    }
}
