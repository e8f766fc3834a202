import CTLS

/// The SHA-256 of a secret. It is kept instead of the secret and compared in constant time.
package struct SecretDigest: Sendable {
    private let bytes: [UInt8]

    /// Hashes the secret; nil when OpenSSL fails.
    package init?(_ secret: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: Int(CTLS_DIGEST_BYTES))
        let isMade = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe secret.withUnsafeBufferPointer { unsafe ctls_digest($0.baseAddress, $0.count, digest.baseAddress) }
        }
        guard isMade else { return nil }
        bytes = digest
    }

    /// Whether both are digests of the same secret. The time of the comparison does not depend on the bytes.
    package func equals(_ other: SecretDigest) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { one in
            unsafe other.bytes.withUnsafeBufferPointer { other in
                guard let one = one.baseAddress, let other = other.baseAddress else { return false }
                return unsafe ctls_digests_equal(one, other)
            }
        }
    }
}

/// A hash of bytes that come in parts, computed by OpenSSL, which uses the CPU's own instructions for it.
///
/// Safe: the value owns its OpenSSL object and frees it when the value ends.
@safe package struct ContentHash: ~Copyable {
    /// The hash function.
    package enum Kind: Sendable { case sha1, sha256 }

    private let hash: OpaquePointer
    private var isWhole = true

    /// Begins a hash; nil when OpenSSL fails.
    package init?(_ kind: Kind) {
        guard let hash = unsafe ctls_hash_create(kind == .sha1 ? CTLS_SHA1 : CTLS_SHA256) else { return nil }
        unsafe self.hash = hash
    }

    deinit { unsafe ctls_hash_free(hash) }

    /// The hash of bytes that are there as a whole; nil when OpenSSL fails.
    package static func of(_ bytes: [UInt8], _ kind: Kind) -> [UInt8]? {
        guard var hash = ContentHash(kind) else { return nil }
        unsafe bytes.withUnsafeBytes { unsafe hash.add($0) }
        return hash.finish()
    }

    /// Adds the next bytes.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let isAdded = unsafe ctls_hash_add(hash, bytes.baseAddress, bytes.count)
        isWhole = isWhole && isAdded
    }

    /// The hash of all added bytes, 20 or 32 bytes long; nil when OpenSSL failed.
    package consuming func finish() -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(CTLS_HASH_BYTES_MAX))
        let count = unsafe digest.withUnsafeMutableBufferPointer { unsafe ctls_hash_finish(hash, $0.baseAddress) }
        return isWhole && count > 0 ? Array(digest.prefix(count)) : nil
    }
}
