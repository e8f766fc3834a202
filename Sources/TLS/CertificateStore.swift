import Synchronization

/// A server's certificate and key, by the paths of their files, which may be read anew while it serves.
package final class CertificateStore: Sendable {
    /// The certificates' file (PEM): the server's own first, then those that signed it.
    package let certificate: String
    /// The private key's file.
    package let key: String

    private let requiresTLS13: Bool
    private let current: Mutex<TLSContext>

    /// Reads both files.
    package init(certificate: String, key: String, requiresTLS13: Bool = false) throws(TLSError) {
        self.certificate = certificate
        self.key = key
        self.requiresTLS13 = requiresTLS13
        current = Mutex(try TLSContext.server(certificate: certificate, key: key, requiresTLS13: requiresTLS13))
    }

    /// What new sessions are made with.
    package var context: TLSContext { current.withLock { $0 } }

    /// Reads both files again, for connections that come from now on. Where they can't be used, all stays as it was.
    package func reload() throws(TLSError) {
        let fresh = try TLSContext.server(certificate: certificate, key: key, requiresTLS13: requiresTLS13)
        current.withLock { $0 = fresh }
    }
}
