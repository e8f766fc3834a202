/// The versions of TLS that may be the oldest to be spoken.
package enum TLSVersion: String, Sendable, CaseIterable {
    /// TLS 1.2, with forward secrecy and AEAD ciphers only.
    case tls12 = "1.2"
    /// TLS 1.3.
    case tls13 = "1.3"
}
