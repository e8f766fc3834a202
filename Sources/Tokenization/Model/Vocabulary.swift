import ModelFiles

/// The tokens by id, and the ids by token.
///
/// Tokens are compared byte by byte: to Swift's `String` canonically equivalent ones would be equal. All tokens are one
/// array of bytes, and a hash table of our own finds them in the bytes of a text: no token and no search needs memory
/// of its own.
struct Vocabulary: Sendable {
    /// The largest accepted id: far above those of any vocabulary, and small enough for a table indexed by id.
    static let maximumID = 1 << 22

    /// A token: its place in `bytes`, and its id.
    private struct Entry {
        var place: Range<Int32>
        var id: Int32
    }

    private var bytes: [UInt8] = []
    /// Every token, in the order in which they came.
    private var tokens: [Entry] = []
    /// The index in `tokens` of the token with each id; -1 if no token has it. Of several tokens it is the last one.
    private var tokenOfID: [Int32] = []
    /// The hash table, which is open-addressed. The high half of a slot is a token's hash, the low half its index in
    /// `tokens`.
    private var slots: [UInt64] = []
    /// 32 minus the logarithm of the number of slots. A shift by it leaves a hash's best bits.
    private var shift: UInt64 = 0

    /// The value of an unused slot. No token has its index.
    private static let unused = UInt64.max
    private static let noToken: Int32 = -1

    /// A vocabulary without tokens, with space for some.
    init(capacity: Int = 0) {
        tokens.reserveCapacity(capacity)
        tokenOfID.reserveCapacity(capacity)
        makeSlots(for: capacity)
    }

    /// One more than the highest id.
    var size: Int { tokenOfID.count }
    /// The number of tokens.
    var tokenCount: Int { tokens.count }

    /// The token's bytes.
    func token(_ id: Int32) -> ArraySlice<UInt8>? {
        guard tokenOfID.indices.contains(Int(id)), tokenOfID[Int(id)] != Self.noToken else { return nil }
        return bytes(of: tokens[Int(tokenOfID[Int(id)])])
    }

    /// The id of the token with these bytes, after `folding` has replaced each of them.
    @inline(__always)
    func id(_ token: Span<UInt8>, folding: Span<UInt8>) -> Int32? {
        var hash = Hash()
        for index in token.indices { hash.add(folding[Int(token[index])]) }
        let known = bytes.span
        let slot = slot(hash.value) { entry in
            guard entry.place.count == token.count else { return false }
            let start = Int(entry.place.lowerBound)
            for index in token.indices where folding[Int(token[index])] != known[start + index] { return false }
            return true
        }
        return slots[slot] == Self.unused ? nil : tokens[Self.index(slots[slot])].id
    }

    /// The token's id.
    func id(_ token: String) -> Int32? {
        let identity = UTF8Bytes.identity
        return id(token.utf8Span.span, folding: identity.span)
    }

    /// Every token with its id.
    var entries: some Sequence<(id: Int32, token: ArraySlice<UInt8>)> {
        tokens.lazy.map { (id: $0.id, token: bytes(of: $0)) }
    }

    /// Gives a token an id, in place of any that it had. Other tokens may have the id too: `tokenizers` allows that.
    ///
    /// - Parameter path: the file that an error names.
    mutating func insert(_ token: ArraySlice<UInt8>, id: Int, path: String) throws(ModelError) {
        guard (0...Self.maximumID).contains(id) else {
            throw .wrongValue(
                file: path,
                key: "vocab[\"\(String(decoding: token, as: UTF8.self))\"]",
                found: "\(id)",
                expected: "an id from 0 to \(Self.maximumID)"
            )
        }
        if tokens.count * 2 >= slots.count { makeSlots(for: tokens.count + 1) }
        var hash = Hash()
        for byte in token { hash.add(byte) }
        let slot = slot(hash.value) { bytes(of: $0) == token }
        let index: Int
        if slots[slot] == Self.unused {
            index = tokens.count
            let start = Int32(bytes.count)
            bytes += token
            tokens.append(Entry(place: start..<Int32(bytes.count), id: Int32(id)))
            slots[slot] = hash.value << 32 | UInt64(index)
        } else {
            index = Self.index(slots[slot])
            let former = Int(tokens[index].id)
            if tokenOfID[former] == index { tokenOfID[former] = Self.noToken }
            tokens[index].id = Int32(id)
        }
        if id >= size { tokenOfID += repeatElement(Self.noToken, count: id + 1 - size) }
        tokenOfID[id] = Int32(index)
    }

    private func bytes(of entry: Entry) -> ArraySlice<UInt8> {
        bytes[Int(entry.place.lowerBound)..<Int(entry.place.upperBound)]
    }

    /// A multiplicative hash. Its high half is mixed best.
    private struct Hash {
        private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        private var state = Self.factor

        @inline(__always)
        mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* Self.factor }

        var value: UInt64 { state >> 32 }
    }

    /// The index in `tokens` that a slot holds.
    private static func index(_ slot: UInt64) -> Int { Int(slot & 0xFFFF_FFFF) }

    /// The slot of the token with a hash for which `isWanted` is true, or the unused slot where it belongs.
    @inline(__always)
    private func slot(_ hash: UInt64, where isWanted: (Entry) -> Bool) -> Int {
        var slot = Int(truncatingIfNeeded: hash >> shift)
        while slots[slot] != Self.unused {
            if slots[slot] >> 32 == hash, isWanted(tokens[Self.index(slots[slot])]) { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    /// Makes a table of at least two slots for each of `count` tokens, with the tokens that are there.
    private mutating func makeSlots(for count: Int) {
        var size = 1 << 8
        while size < count * 2 { size *= 2 }
        let former = slots
        slots = Array(repeating: Self.unused, count: size)
        shift = UInt64(32 - size.trailingZeroBitCount)
        for used in former where used != Self.unused { slots[slot(used >> 32) { _ in false }] = used }
    }
}

/// The tokens of one text, before truncation and special tokens.
struct TokenSequence {
    /// Token ids.
    var ids: [Int32] = []
    /// The range of bytes from which each token comes.
    var offsets: [Range<Int32>] = []
    /// The texts of added tokens, by their indices, with the white space that they have stripped; empty unless they are
    /// kept.
    var addedTexts: [Int: [UInt8]] = [:]

    var count: Int { ids.count }

    mutating func reserveCapacity(_ count: Int) {
        ids.reserveCapacity(count)
        offsets.reserveCapacity(count)
    }

    @inline(__always)
    mutating func append(_ id: Int32, from start: Int, to end: Int) {
        ids.append(id)
        offsets.append(Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: end))
    }

    /// Removes all tokens after the first `count`.
    mutating func truncate(to count: Int) {
        ids.removeSubrange(count...)
        offsets.removeSubrange(count...)
    }
}
