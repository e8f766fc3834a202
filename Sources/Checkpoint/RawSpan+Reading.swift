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
