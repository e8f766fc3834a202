import CTLS

/// A hash of bytes that come in parts, by OpenSSL: it uses what the CPU has for it.
///
/// Its OpenSSL object is its own, and goes with it.
@safe package struct ContentHash: ~Copyable {
    /// Which hash.
    package enum Kind: Sendable { case sha1, sha256 }

    private let hash: OpaquePointer
    private var isWhole = true

    /// Nil when OpenSSL fails.
    package init?(_ kind: Kind) {
        guard let hash = unsafe ctls_hash_create(kind == .sha1 ? CTLS_SHA1 : CTLS_SHA256) else { return nil }
        unsafe self.hash = hash
    }

    deinit { unsafe ctls_hash_free(hash) }

    /// Adds the next bytes.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let isAdded = unsafe ctls_hash_add(hash, bytes.baseAddress, bytes.count)
        isWhole = isWhole && isAdded
    }

    /// The hash of all that was added: 20 or 32 bytes; nil when OpenSSL failed.
    package consuming func finish() -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(CTLS_HASH_BYTES_MAX))
        let count = unsafe digest.withUnsafeMutableBufferPointer { unsafe ctls_hash_finish(hash, $0.baseAddress) }
        return isWhole && count > 0 ? Array(digest.prefix(count)) : nil
    }
}
