import CTLS

/// A secret's SHA-256: kept instead of the secret, and compared in a time that says nothing of it.
package struct SecretDigest: Sendable {
    private let bytes: [UInt8]

    /// Nil when OpenSSL fails.
    package init?(_ secret: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: Int(CTLS_DIGEST_BYTES))
        let isMade = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe secret.withUnsafeBufferPointer { unsafe ctls_digest($0.baseAddress, $0.count, digest.baseAddress) }
        }
        guard isMade else { return nil }
        bytes = digest
    }

    /// Whether both are of the same secret, in a time that does not depend on it.
    package func equals(_ other: SecretDigest) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { one in
            unsafe other.bytes.withUnsafeBufferPointer { other in
                guard let one = one.baseAddress, let other = other.baseAddress else { return false }
                return unsafe ctls_digests_equal(one, other)
            }
        }
    }
}
