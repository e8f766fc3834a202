import TestSupport

/// Texts of the kinds that have broken tokenizers.
enum RandomText {
    private static let interesting: [ClosedRange<UInt32>] = [
        0x00...0x1F, 0x20...0x7E, 0x7F...0x9F, 0xA0...0x24F, 0x300...0x36F, 0x591...0x6FF, 0xF71...0xF84,
        0x1100...0x11FF,
        0x1E00...0x1FFF, 0x2000...0x206F, 0x3099...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0x1D15E...0x1D172, 0x1F300...0x1FAFF, 0x2F800...0x2FA1F, 0xE0000...0xE007F, 0x10FFF0...0x10FFFF,
    ]
    private static let words = [
        "the", "Embeddings", "[MASK]", "[SEP]", "[CLS", "don't", "##ing", "  ", "\n", "İ", "ẞ", "é",
    ]

    /// A text of up to `maximum` parts.
    static func make(upTo maximum: Int = 24, using generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...maximum, using: &generator) {
            if Int.random(in: 0..<3, using: &generator) == 0 {
                text += words.randomElement(using: &generator) ?? ""
            } else {
                let pool = interesting.randomElement(using: &generator) ?? 0...0
                let scalar = UInt32.random(in: pool, using: &generator)
                text.unicodeScalars.append(Unicode.Scalar(scalar) ?? "?")
            }
        }
        return text
    }

    /// Random bytes, decoded as UTF-8.
    static func fromBytes(_ count: Int, using generator: inout SeededGenerator) -> String {
        String(decoding: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }, as: UTF8.self)
    }
}
