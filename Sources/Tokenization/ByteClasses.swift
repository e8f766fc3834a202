/// What a byte of text that hasn't been normalized means, so that ASCII needs no normalization.
enum ByteClass: UInt8, Sendable {
    /// Part of a word, once folded.
    case word
    /// White space.
    case whiteSpace
    /// A word of its own.
    case punctuation
    /// Not ASCII, or dropped by normalization: has to be normalized.
    case other
}

/// The classes of all bytes, and what each is folded to, under a normalizer.
struct ByteClasses: Sendable {
    /// By byte.
    let classes: [ByteClass]
    /// Lower case of ASCII letters where the normalizer asks for it; all other bytes are themselves.
    let folding: [UInt8]
    /// Every byte is itself: for bytes that have been normalized.
    let identity: [UInt8]

    init(_ normalizer: Normalizer) {
        identity = (0...255).map { UInt8($0) }
        classes = identity.map { byte in
            guard byte < 0x80 else { return .other }
            let properties = ScalarProperties(of: UInt32(byte))
            if normalizer.cleanText && properties.contains(.removedByCleaning) { return .other }
            if properties.contains(.whiteSpace) { return .whiteSpace }
            return properties.contains(.punctuation) ? .punctuation : .word
        }
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        folding = identity.map { normalizer.lowercase && capitals.contains($0) ? $0 | 0x20 : $0 }
    }
}
