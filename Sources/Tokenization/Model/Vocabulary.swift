import ModelFiles

/// The tokens by id, and the ids by token.
///
/// Tokens are compared byte by byte: to Swift's `String` canonically equivalent ones would be equal.
struct Vocabulary: Sendable {
    /// The largest accepted id: far above those of any vocabulary, and small enough for a table indexed by id.
    static let maximumID = 1 << 22

    /// The bytes of each token, by id; nil if no token has the id.
    private(set) var tokens: [[UInt8]?] = []
    private var ids: [[UInt8]: Int32] = [:]
    /// Tokens whose id a later token has too, and is shown for.
    private var hidden: [(id: Int32, token: [UInt8])] = []

    /// One more than the highest id.
    var size: Int { tokens.count }
    /// The number of tokens.
    var tokenCount: Int { ids.count }

    /// The token's bytes.
    func token(_ id: Int32) -> [UInt8]? {
        tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
    }

    /// The token's id.
    func id(_ token: [UInt8]) -> Int32? { ids[token] }

    /// The token's id.
    func id(_ token: String) -> Int32? { ids[Array(token.utf8)] }

    /// Every token with its id.
    var entries: some Sequence<(id: Int32, token: [UInt8])> {
        (0..<tokens.count + hidden.count).lazy.compactMap { place -> (id: Int32, token: [UInt8])? in
            place < tokens.count ? tokens[place].map { (Int32(place), $0) } : hidden[place - tokens.count]
        }
    }

    /// Gives a token an id, in place of any that it had. Other tokens may have the id too: `tokenizers` allows that.
    ///
    /// - Parameter path: the file that an error names.
    mutating func insert(_ token: [UInt8], id: Int, path: String) throws(ModelError) {
        guard (0...Self.maximumID).contains(id) else {
            throw .wrongValue(
                file: path,
                key: "vocab[\"\(String(decoding: token, as: UTF8.self))\"]",
                found: "\(id)",
                expected: "an id from 0 to \(Self.maximumID)"
            )
        }
        if let former = ids.updateValue(Int32(id), forKey: token) {
            if tokens[Int(former)] == token { tokens[Int(former)] = nil }
            hidden.removeAll { $0.token == token }
        }
        if id >= tokens.count { tokens.append(contentsOf: repeatElement(nil, count: id + 1 - tokens.count)) }
        if let other = tokens[id] { hidden.append((Int32(id), other)) }
        tokens[id] = token
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
