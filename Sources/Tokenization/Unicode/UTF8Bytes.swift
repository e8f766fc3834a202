/// Reads and writes scalars as UTF-8. The bytes that it reads must be valid.
enum UTF8Bytes {
    /// The folding of bytes that leaves every byte as it is.
    static let identity: [UInt8] = (0...255).map { UInt8($0) }

    /// Whether a byte is the second or a later byte of a scalar.
    @inline(__always)
    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// The scalar that begins at `position`, and its number of bytes.
    @inline(__always)
    static func scalar(in bytes: Span<UInt8>, at position: Int) -> (scalar: UInt32, length: Int) {
        func continuation(_ distance: Int) -> UInt32 { UInt32(bytes[position + distance] & 0x3F) }
        let lead = UInt32(bytes[position])
        if lead < 0x80 { return (lead, 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | continuation(1), 2) }
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), 3) }
        return ((lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3), 4)
    }

    /// The scalar that ends at `position`.
    static func scalar(in bytes: Span<UInt8>, endingAt position: Int) -> (scalar: UInt32, length: Int) {
        var start = position - 1
        while start > 0 && isContinuation(bytes[start]) { start -= 1 }
        return scalar(in: bytes, at: start)
    }

    /// Calls `body` with each byte of a scalar.
    @inline(__always)
    static func encode(_ scalar: UInt32, _ body: (UInt8) -> Void) {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        switch scalar {
        case ..<0x80:
            body(byte(scalar))
        case ..<0x800:
            body(byte(0xC0 | scalar >> 6))
            body(byte(0x80 | scalar & 0x3F))
        case ..<0x1_0000:
            body(byte(0xE0 | scalar >> 12))
            body(byte(0x80 | scalar >> 6 & 0x3F))
            body(byte(0x80 | scalar & 0x3F))
        default:
            body(byte(0xF0 | scalar >> 18))
            body(byte(0x80 | scalar >> 12 & 0x3F))
            body(byte(0x80 | scalar >> 6 & 0x3F))
            body(byte(0x80 | scalar & 0x3F))
        }
    }
}
