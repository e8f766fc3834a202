import CTLS
import Synchronization

/// A server's certificate and key, named by the paths of their files. The files can be read again while the server
/// runs.
package final class CertificateStore: Sendable {
    /// The path of the certificates (PEM): the server's own first, then those that signed it.
    package let certificate: String
    /// The path of the private key.
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

    /// The context for new sessions.
    package var context: TLSContext { current.withLock { $0 } }

    /// Reads both files again, for new connections. If the files cannot be used, the old certificate and key stay.
    package func reload() throws(TLSError) {
        let fresh = try TLSContext.server(certificate: certificate, key: key, requiresTLS13: requiresTLS13)
        current.withLock { $0 = fresh }
    }
}

/// The state that TLS sessions share: the settings of TLS, and also the certificate with its key (in a server) or the
/// trusted certificates (in a client).
///
/// Unchecked: the context behind the pointer does not change once it is made, and OpenSSL counts the sessions that hold
/// it atomically.
@safe package final class TLSContext: @unchecked Sendable {
    let context: OpaquePointer

    private init(owning context: OpaquePointer) {
        unsafe self.context = context
    }

    deinit {
        unsafe ctls_context_free(context)
    }

    /// A server's context from PEM files: TLS 1.2 or later, ALPN with HTTP/2 before HTTP/1.1, no renegotiation.
    package static func server(
        certificate: String,
        key: String,
        requiresTLS13: Bool = false
    ) throws(TLSError) -> TLSContext {
        var fault = CTLS_NO_FAULT
        let (context, reason) = unsafe withMessage { message in
            unsafe ctls_server_context(certificate, key, requiresTLS13, &fault, message)
        }
        if let context = unsafe context { return unsafe TLSContext(owning: context) }
        switch fault {
        case CTLS_FAULT_CERTIFICATE: throw .certificate(path: certificate, reason: reason)
        // OpenSSL's decoders report "unsupported" if they find nothing in a file.
        case CTLS_FAULT_KEY: throw .key(path: key, reason: reason == "unsupported" ? "no private key in it" : reason)
        case CTLS_FAULT_PAIR: throw .mismatch(certificate: certificate, key: key)
        default: throw .library(reason: reason)
        }
    }

    /// A client's context.
    package static func client(trusting trust: TLSTrust) throws(TLSError) -> TLSContext {
        let (context, reason) = unsafe withMessage { message in
            switch trust {
            case .anyone: unsafe ctls_client_context(nil, false, message)
            case .system: unsafe ctls_client_context(nil, true, message)
            case .file(let path): unsafe ctls_client_context(path, true, message)
            }
        }
        if let context = unsafe context { return unsafe TLSContext(owning: context) }
        if case .file(let path) = trust { throw .trust(path: path, reason: reason) }
        throw .library(reason: reason)
    }

    /// The time at which the certificate expires, in seconds since 1970; nil for a client.
    package var expiry: Int? {
        let seconds = unsafe ctls_context_expiry(context)
        return seconds > 0 ? Int(seconds) : nil
    }
}

/// The servers that a client trusts.
package enum TLSTrust: Sendable, Equatable {
    /// Any server that answers: for an address of the same machine.
    case anyone
    /// A server with a certificate that the system trusts.
    case system
    /// A server with one of the certificates in a PEM file, or with one signed by them.
    case file(String)
}

/// Lends a C function a buffer for its message, and returns both its result and the message.
func withMessage<Value>(_ body: (UnsafeMutablePointer<CChar>) -> Value) -> (Value, String) {
    var message = [CChar](repeating: 0, count: Int(CTLS_MESSAGE_BYTES))
    return unsafe message.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("CTLS_MESSAGE_BYTES is not 0") }
        let result = unsafe body(base)
        return unsafe (result, String(cString: base))
    }
}

/// An error of the certificate's or key's files. No message holds any part of a key.
package enum TLSError: Error, Equatable, CustomStringConvertible {
    /// The certificate's file cannot be used.
    case certificate(path: String, reason: String)
    /// The private key's file cannot be used.
    case key(path: String, reason: String)
    /// The key belongs to another certificate.
    case mismatch(certificate: String, key: String)
    /// The certificates that a client was told to trust cannot be used.
    case trust(path: String, reason: String)
    /// OpenSSL itself failed.
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
