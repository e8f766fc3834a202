import JSON
import ModelFiles

/// The places of the files in a zip archive. Only what PyTorch writes is read: entries that are stored, not compressed,
/// in one file (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.4; ZIP64 included).
///
/// Sizes come from the central directory, since PyTorch leaves them out of the local headers; checksums are not
/// computed, which would cost more than reading the weights.
struct ZipArchive {
    /// Name to the entry's bytes.
    let entries: [ExactText: Range<Int>]

    private static let endSignature: UInt32 = 0x0605_4B50
    private static let end64Signature: UInt32 = 0x0606_4B50
    private static let end64LocatorSignature: UInt32 = 0x0706_4B50
    private static let directorySignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50
    private static let endSize = 22
    private static let end64LocatorSize = 20
    private static let directoryHeaderSize = 46
    private static let localHeaderSize = 30

    /// Reads the central directory of the archive `bytes`; `file` is for messages.
    init(_ bytes: RawSpan, file: String) throws(ModelError) {
        let directory = try Self.directory(of: bytes, file: file)
        let limit = CheckpointLimits.zipEntries
        guard directory.count <= UInt64(limit) else {
            throw .limitExceeded(file: file, what: "zip entries", found: "\(directory.count)", limit: limit)
        }
        var entries: [ExactText: Range<Int>] = [:]
        var position = directory.range.lowerBound
        for _ in 0..<directory.count {
            let header = try DirectoryHeader(bytes, at: position, in: directory.range, file: file)
            let range = try Self.data(of: header, in: bytes, before: directory.range.lowerBound, file: file)
            guard entries.updateValue(range, forKey: ExactText(header.name)) == nil else {
                throw .malformed(
                    file: file,
                    place: "zip entry \(quoted(header.name))",
                    found: "the name a second time",
                    expected: "each name once"
                )
            }
            position = header.end
        }
        guard position == directory.range.upperBound else {
            throw .malformed(
                file: file,
                place: "zip directory",
                found: "\(directory.range.upperBound - position) bytes left over",
                expected: "\(directory.count) entries and nothing else"
            )
        }
        try Self.checkDisjoint(entries, file: file)
        self.entries = entries
    }

    private struct Directory {
        let range: Range<Int>
        let count: UInt64
    }

    private static func directory(of bytes: RawSpan, file: String) throws(ModelError) -> Directory {
        guard let end = endRecord(of: bytes) else {
            throw .malformed(
                file: file,
                place: "zip archive",
                found: "no end record (a download cut short?)",
                expected: "one in the last 64 KB"
            )
        }
        var count = UInt64(bytes.integer(at: end + 10, as: UInt16.self) ?? 0)
        var size = UInt64(bytes.integer(at: end + 12, as: UInt32.self) ?? 0)
        var start = UInt64(bytes.integer(at: end + 16, as: UInt32.self) ?? 0)
        var directoryLimit = end
        if bytes.integer(at: end - end64LocatorSize, as: UInt32.self) == end64LocatorSignature {
            let place = "zip end record"
            guard let stored = bytes.integer(at: end - end64LocatorSize + 8, as: UInt64.self),
                let end64 = Int(exactly: stored), end64 <= end - end64LocatorSize,
                bytes.integer(at: end64, as: UInt32.self) == end64Signature,
                let count64 = bytes.integer(at: end64 + 32, as: UInt64.self),
                let size64 = bytes.integer(at: end64 + 40, as: UInt64.self),
                let start64 = bytes.integer(at: end64 + 48, as: UInt64.self)
            else {
                throw .malformed(
                    file: file,
                    place: place,
                    found: "a ZIP64 locator without its record",
                    expected: "both"
                )
            }
            (count, size, start, directoryLimit) = (count64, size64, start64, end64)
        }
        guard start <= UInt64(directoryLimit), size <= UInt64(directoryLimit) - start else {
            throw .malformed(
                file: file,
                place: "zip directory",
                found: "\(size) bytes from \(start)",
                expected: "an end before byte \(directoryLimit)"
            )
        }
        return Directory(range: Int(start)..<Int(start + size), count: count)
    }

    /// Position of the end record: the last one whose comment reaches exactly to the file's end.
    private static func endRecord(of bytes: RawSpan) -> Int? {
        let last = bytes.byteCount - endSize
        guard last >= 0 else { return nil }
        return (max(0, last - Int(UInt16.max))...last).reversed().first { position in
            bytes.integer(at: position, as: UInt32.self) == endSignature
                && bytes.integer(at: position + 20, as: UInt16.self).map { Int($0) == last - position } == true
        }
    }

    /// The bytes of the entry that `header` describes. They follow the local header, which alone tells its own length.
    private static func data(
        of header: DirectoryHeader,
        in bytes: RawSpan,
        before limit: Int,
        file: String
    ) throws(ModelError) -> Range<Int> {
        let place = "zip entry \(quoted(header.name))"
        guard let start = Int(exactly: header.localOffset), start <= limit - localHeaderSize,
            bytes.integer(at: start, as: UInt32.self) == localSignature,
            let nameLength = bytes.integer(at: start + 26, as: UInt16.self),
            let extraLength = bytes.integer(at: start + 28, as: UInt16.self)
        else {
            throw .malformed(
                file: file,
                place: place,
                found: "no local header at byte \(header.localOffset)",
                expected: "one before byte \(limit)"
            )
        }
        let nameStart = start + localHeaderSize
        let dataStart = nameStart + Int(nameLength) + Int(extraLength)
        guard bytes.array(at: nameStart..<nameStart + Int(nameLength)) == Array(header.name.utf8) else {
            throw .malformed(file: file, place: place, found: "another name in its local header", expected: "the same")
        }
        guard let size = Int(exactly: header.size), dataStart <= limit, size <= limit - dataStart else {
            throw .malformed(
                file: file,
                place: place,
                found: "\(header.size) bytes from \(dataStart)",
                expected: "an end before byte \(limit)"
            )
        }
        return dataStart..<dataStart + size
    }

    private static func checkDisjoint(_ entries: [ExactText: Range<Int>], file: String) throws(ModelError) {
        let sorted = entries.sorted {
            ($0.value.lowerBound, $0.value.upperBound) < ($1.value.lowerBound, $1.value.upperBound)
        }
        for (entry, next) in zip(sorted, sorted.dropFirst()) where next.value.lowerBound < entry.value.upperBound {
            throw .malformed(
                file: file,
                place: "zip entry \(quoted(next.key.text))",
                found: "bytes that are also \(quoted(entry.key.text))'s",
                expected: "bytes of its own"
            )
        }
    }
}

extension ZipArchive {
    /// One entry's record in the central directory (section 4.3.12).
    private struct DirectoryHeader {
        let name: String
        var size: UInt64
        var localOffset: UInt64
        /// Position after the record.
        let end: Int

        init(_ bytes: RawSpan, at start: Int, in directory: Range<Int>, file: String) throws(ModelError) {
            let place = "zip directory, byte \(start)"
            let expected = "an entry within the directory"
            guard directoryHeaderSize <= directory.upperBound - start,
                bytes.integer(at: start, as: UInt32.self) == directorySignature,
                let flags = bytes.integer(at: start + 8, as: UInt16.self),
                let method = bytes.integer(at: start + 10, as: UInt16.self),
                let storedSize = bytes.integer(at: start + 20, as: UInt32.self),
                let fullSize = bytes.integer(at: start + 24, as: UInt32.self),
                let nameLength = bytes.integer(at: start + 28, as: UInt16.self),
                let extraLength = bytes.integer(at: start + 30, as: UInt16.self),
                let commentLength = bytes.integer(at: start + 32, as: UInt16.self),
                let offset = bytes.integer(at: start + 42, as: UInt32.self)
            else { throw .malformed(file: file, place: place, found: "none", expected: expected) }

            let nameStart = start + directoryHeaderSize
            let extraStart = nameStart + Int(nameLength)
            let extraEnd = extraStart + Int(extraLength)
            end = extraEnd + Int(commentLength)
            guard end <= directory.upperBound, let nameBytes = bytes.array(at: nameStart..<extraStart),
                let name = String(validating: nameBytes, as: UTF8.self)
            else { throw .malformed(file: file, place: place, found: "a name out of bounds", expected: expected) }
            self.name = name
            guard flags & 1 == 0, method == 0, storedSize == fullSize else {
                let packing = method == 0 ? "\(fullSize) bytes stored as \(storedSize)" : "compression method \(method)"
                throw .malformed(
                    file: file,
                    place: "zip entry \(quoted(name))",
                    found: flags & 1 == 0 ? packing : "encryption",
                    expected: "a stored entry, as PyTorch writes"
                )
            }
            size = UInt64(fullSize)
            localOffset = UInt64(offset)
            readZip64(bytes, extraStart..<extraEnd)
        }

        /// Takes the values that 32 bits do not hold from the ZIP64 field (section 4.5.3): the full size, the stored
        /// size and the offset, each only where the 32-bit field is all ones.
        private mutating func readZip64(_ bytes: RawSpan, _ extra: Range<Int>) {
            let saturated = UInt64(UInt32.max)
            var position = extra.lowerBound
            while extra.upperBound - position >= 4,
                let identifier = bytes.integer(at: position, as: UInt16.self),
                let length = bytes.integer(at: position + 2, as: UInt16.self)
            {
                var field = position + 4
                position = field + Int(length)
                guard identifier == 1, position <= extra.upperBound else { continue }
                if size == saturated, field + 16 <= position {
                    size = bytes.integer(at: field, as: UInt64.self) ?? size
                    field += 16
                }
                if localOffset == saturated, field + 8 <= position {
                    localOffset = bytes.integer(at: field, as: UInt64.self) ?? localOffset
                }
            }
        }
    }
}
