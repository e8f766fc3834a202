/// Normalized UTF-8, and for each of its bytes the range of the original text from which it comes.
struct NormalizedText {
    /// The normalized text.
    private(set) var bytes: [UInt8] = []
    /// For each byte, the range of its original scalar in the original text.
    private(set) var origins: [Range<Int32>] = []
    /// The place in the original text from which a scalar comes that is put before all others.
    private(set) var origin: Int32 = 0

    /// A text without content.
    init() {}

    /// A part of a text as it is, before any normalization.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        origin = Int32(truncatingIfNeeded: range.lowerBound)
        reserveCapacity(range.count)
        var position = range.lowerBound
        var patience = Patience()
        while position < range.upperBound, patience.lasts() {
            let (scalar, length) = UTF8Bytes.scalar(in: text, at: position)
            let start = Int32(truncatingIfNeeded: position)
            append(scalar, from: start..<start + Int32(truncatingIfNeeded: length))
            position += length
        }
    }

    /// Empties the text and keeps its memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        origins.removeAll(keepingCapacity: true)
    }

    /// Appends a scalar that comes from `origin`.
    @inline(__always)
    mutating func append(_ scalar: UInt32, from origin: Range<Int32>) {
        UTF8Bytes.encode(scalar) { byte in
            bytes.append(byte)
            origins.append(origin)
        }
    }

    /// The range of the original text from which a range of the normalized text comes. The range must not be empty.
    func original(_ range: Range<Int32>) -> Range<Int32> {
        let start = origins[Int(range.lowerBound)].lowerBound
        return start..<max(start, origins[Int(range.upperBound) - 1].upperBound)
    }

    private mutating func reserveCapacity(_ count: Int) {
        bytes.reserveCapacity(count)
        origins.reserveCapacity(count)
    }
}

/// A scalar of a transformed text, and what it does to the scalars of the text before: `tokenizers` describes each step
/// of a normalization so, and derives from it where the result comes from.
struct ScalarChange: Equatable {
    var scalar: UInt32
    /// 1 if the scalar is inserted, 0 if it replaces the next scalar, -n if it replaces the next one and n scalars
    /// behind that one are removed.
    var change: Int

    init(_ scalar: UInt32, _ change: Int = 0) {
        self.scalar = scalar
        self.change = change
    }
}

extension NormalizedText {
    /// The scalars of the text.
    var scalars: [UInt32] {
        var scalars: [UInt32] = []
        scalars.reserveCapacity(bytes.count)
        var position = 0
        var patience = Patience()
        while position < bytes.count, patience.lasts() {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes.span, at: position)
            scalars.append(scalar)
            position += length
        }
        return scalars
    }

    /// Replaces the whole text, as `NormalizedString::transform` of `tokenizers`.
    ///
    /// - Parameter removed: The number of scalars that are removed from the beginning.
    mutating func transform(_ changes: [ScalarChange], removingFirst removed: Int = 0) {
        // The library addresses "the whole text" by the original one. What was inserted before all of it belongs to no
        // part of the original, so it stays as it is.
        let first = origins.firstIndex { !$0.isEmpty } ?? 0
        if !bytes.isEmpty { transform(first..<bytes.count, changes, removingFirst: removed) }
    }

    /// Replaces a range of the text, as `NormalizedString::transform_range` of `tokenizers`: an inserted scalar comes
    /// from where the scalar before it came from, another one from where the scalar came from that it replaces.
    ///
    /// The library stops at changes that replace more scalars than there are. Here they come from the last one.
    mutating func transform(_ range: Range<Int>, _ changes: [ScalarChange], removingFirst removed: Int = 0) {
        var result = NormalizedText()
        result.origin = origin
        result.reserveCapacity(bytes.count + changes.count)
        result.append(self, 0..<range.lowerBound)
        var position = range.lowerBound
        func skip(_ count: Int) {
            for _ in 0..<count where position < bytes.count {
                position += UTF8Bytes.scalar(in: bytes.span, at: position).length
            }
        }
        skip(removed)
        var patience = Patience()
        for change in changes {
            guard patience.lasts() else { break }
            let source = min(change.change > 0 ? position - 1 : position, bytes.count - 1)
            result.append(change.scalar, from: source < 0 ? origin..<origin : origins[source])
            if change.change <= 0 { skip(1 - change.change) }
        }
        result.append(self, range.upperBound..<bytes.count)
        self = result
    }

    /// Replaces the whole text by what `change` appends for each scalar.
    mutating func transformScalars(_ change: (inout [ScalarChange], UInt32) -> Void) {
        let scalars = scalars
        var changes: [ScalarChange] = []
        changes.reserveCapacity(scalars.count)
        var patience = Patience()
        for scalar in scalars {
            guard patience.lasts() else { break }
            change(&changes, scalar)
        }
        transform(changes)
    }

    /// Keeps the scalars for which `isKept` is true.
    mutating func filter(_ isKept: (UInt32) -> Bool) {
        var kept: [ScalarChange] = []
        var removedFirst = 0
        var patience = Patience()
        for scalar in scalars {
            guard patience.lasts() else { break }
            if isKept(scalar) {
                kept.append(ScalarChange(scalar))
            } else if kept.isEmpty {
                removedFirst += 1
            } else {
                kept[kept.count - 1].change -= 1
            }
        }
        // If nothing stays, nothing is counted as removed before it.
        transform(kept, removingFirst: kept.isEmpty ? 0 : removedFirst)
    }

    /// Replaces each scalar by another one.
    mutating func map(_ replacement: (UInt32) -> UInt32) {
        transformScalars { changes, scalar in changes.append(ScalarChange(replacement(scalar))) }
    }

    /// Replaces ranges of the text, from left to right, by `content`. The scalars of `content` come from where the last
    /// replaced byte came from, or, where nothing is replaced, the byte before.
    mutating func replace(_ ranges: [Range<Int>], with content: [UInt8]) {
        var result = NormalizedText()
        result.origin = origin
        result.reserveCapacity(bytes.count)
        var copied = 0
        var patience = Patience()
        for range in ranges {
            guard patience.lasts() else { break }
            result.append(self, copied..<range.lowerBound)
            copied = range.upperBound
            var place = origin..<origin
            if !range.isEmpty {
                place = origins[range.upperBound - 1]
            } else if let last = result.origins.last {
                place = last
            }
            result.bytes.append(contentsOf: content)
            result.origins.append(contentsOf: repeatElement(place, count: content.count))
        }
        result.append(self, copied..<bytes.count)
        self = result
    }

    private mutating func append(_ other: NormalizedText, _ range: Range<Int>) {
        bytes.append(contentsOf: other.bytes[range])
        origins.append(contentsOf: other.origins[range])
    }
}
