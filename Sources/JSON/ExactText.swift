/// A text that equals only a text of the same Unicode scalars.
///
/// Swift compares strings by canonical equivalence and reads them by grapheme clusters: the two encodings of "é" are
/// equal, and a comma with an accent behind it is not a comma. To JSON, Python, transformers and a vocabulary, the
/// encodings are two texts and the comma is one. So the texts of users and models are keys of sets and dictionaries as
/// `ExactText`, and the functions of `StringProtocol` below compare, search and split them. `Tests/TidyTests` refuses
/// the standard library's functions in every target that imports `JSON`.
package struct ExactText: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    /// The text itself.
    package let text: String

    /// The exact form of a text.
    package init(_ text: some StringProtocol) { self.text = String(text) }

    /// The exact form of a literal.
    package init(stringLiteral text: String) { self.text = text }

    /// Whether both texts are the same bytes.
    package static func == (a: Self, b: Self) -> Bool { a.text.equals(b.text) }

    /// The order of the bytes, which is the order of the Unicode scalars, as in Python.
    package static func < (a: Self, b: Self) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Sequence where Element == ExactText {
    /// The texts in the order of their Unicode scalars.
    package var sortedTexts: [String] { sorted().map(\.text) }
}

extension Unicode.Scalar {
    /// Whether `str.strip` of Python takes the scalar off: Unicode's white space, and the four separators of ASCII.
    @inlinable
    package var isSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

// These functions are inlinable, because unspecialized ones would take a microsecond for each byte or two.
extension StringProtocol {
    /// Whether both texts are the same bytes.
    @inlinable
    package func equals(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the text begins with these bytes.
    @inlinable
    package func begins(with prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether the text ends with these bytes.
    @inlinable
    package func ends(with suffix: some StringProtocol) -> Bool {
        utf8.reversed().starts(with: suffix.utf8.reversed())
    }

    /// Whether these bytes, at least one, stand anywhere in the text.
    @inlinable
    package func holds(_ part: some StringProtocol) -> Bool {
        var rest = utf8[...]
        while let place = rest.firstIndex(where: { $0 == part.utf8.first }) {
            if rest[place...].starts(with: part.utf8) { return true }
            rest = rest[rest.index(after: place)...]
        }
        return false
    }

    /// The text after `prefix`; nil if the text does not begin with it.
    @inlinable
    package func rest(after prefix: some StringProtocol) -> SubSequence? {
        begins(with: prefix) ? self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...] : nil
    }

    /// The text before `suffix`; nil if the text does not end with it.
    @inlinable
    package func rest(before suffix: some StringProtocol) -> SubSequence? {
        ends(with: suffix) ? self[..<utf8.index(endIndex, offsetBy: -suffix.utf8.count)] : nil
    }

    /// The parts between separators, those without text too, as Python's `split` gives them.
    ///
    /// - Parameter most: the number of separators, from the left, that count.
    @inlinable
    package func pieces(separatedBy separator: Unicode.Scalar, most: Int = .max) -> [SubSequence] {
        unicodeScalars.split(separator: separator, maxSplits: most, omittingEmptySubsequences: false)
            .map { self[$0.startIndex..<$0.endIndex] }
    }

    /// The text without white space at its ends, as Python's `strip` gives it.
    @inlinable
    package var stripped: SubSequence { trimmed(\.isSpace) }

    /// The text without the scalars at its ends that satisfy `isOutside`.
    @inlinable
    package func trimmed(_ isOutside: (Unicode.Scalar) -> Bool) -> SubSequence {
        let start = unicodeScalars.firstIndex { !isOutside($0) } ?? endIndex
        let last = unicodeScalars.lastIndex { !isOutside($0) }
        return self[start..<(last.map(unicodeScalars.index(after:)) ?? endIndex)]
    }

    /// Whether the text has nothing but white space.
    @inlinable
    package var isBlank: Bool { unicodeScalars.allSatisfy(\.isSpace) }

    /// The scalars that satisfy `isKept`.
    @inlinable
    package func keeping(_ isKept: (Unicode.Scalar) -> Bool) -> String {
        String(String.UnicodeScalarView(unicodeScalars.filter(isKept)))
    }

    /// The number of Unicode scalars, by a pass over the bytes. (`unicodeScalars.count` decodes each scalar.)
    @inlinable
    package var scalarCount: Int { utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

    /// The first Unicode scalars, for a message. (One grapheme cluster can have any number of scalars.)
    @inlinable
    package func beginning(_ count: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(count))) }
}
