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

    /// Every token with its id, in the order of the ids.
    var entries: some Sequence<(id: Int32, token: [UInt8])> {
        tokens.enumerated().lazy.compactMap { id, token in token.map { (Int32(id), $0) } }
    }

    /// Adds a token. `path` is named in errors.
    mutating func insert(_ token: [UInt8], id: Int, path: String) throws(ModelError) {
        let name = String(decoding: token, as: UTF8.self)
        guard (0...Self.maximumID).contains(id) else {
            throw .wrongValue(
                file: path,
                key: "vocab[\"\(name)\"]",
                found: "\(id)",
                expected: "an id from 0 to \(Self.maximumID)"
            )
        }
        if let other = ids[token] {
            throw .duplicateToken(file: path, token: name, detail: "has two ids, \(other) and \(id)")
        }
        if let other = self.token(Int32(id)) {
            let detail = "has the id \(id), which \(String(decoding: other, as: UTF8.self)) has too"
            throw .duplicateToken(file: path, token: name, detail: detail)
        }
        if id >= tokens.count { tokens.append(contentsOf: repeatElement(nil, count: id + 1 - tokens.count)) }
        tokens[id] = token
        ids[token] = Int32(id)
    }
}

/// The tokens of one text, before truncation and special tokens.
struct TokenSequence {
    /// Token ids.
    var ids: [Int32] = []
    /// The range of bytes from which each token comes.
    var offsets: [Range<Int32>] = []

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
