extension [UInt8] {
    /// A copy of a span's bytes.
    init(copying bytes: Span<UInt8>) {
        self = []
        append(bytes)
    }

    /// Appends the bytes of a span: one copy.
    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
