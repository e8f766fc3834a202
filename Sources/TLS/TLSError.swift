/// What is wrong with the files of TLS. No message holds anything of a key.
package enum TLSError: Error, Equatable, CustomStringConvertible {
    /// The certificate's file can't be used.
    case certificate(path: String, reason: String)
    /// The private key's file can't be used.
    case key(path: String, reason: String)
    /// The key belongs to another certificate.
    case mismatch(certificate: String, key: String)
    /// The certificates that a client was told to trust can't be used.
    case trust(path: String, reason: String)
    /// OpenSSL itself fails.
    case library(reason: String)

    package var description: String {
        switch self {
        case .certificate(let path, let reason):
            "certificate \(path): \(reason); expected PEM, the server's certificate first, then those that signed it"
        case .key(let path, let reason):
            "private key \(path): \(reason); expected PEM without a passphrase, readable by this user"
        case .mismatch(let certificate, let key):
            "the private key \(key) does not belong to the certificate \(certificate)"
        case .trust(let path, let reason):
            "trusted certificates \(path): \(reason); expected PEM"
        case .library(let reason):
            "TLS cannot be set up: \(reason)"
        }
    }
}
