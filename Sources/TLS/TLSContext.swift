import CTLS

/// A certificate with its key, or the certificates that a client trusts, and the settings of TLS: what sessions share.
///
/// Unchecked: the context behind the pointer is not changed once it is made, and OpenSSL counts the sessions that hold
/// it atomically.
@safe package final class TLSContext: @unchecked Sendable {
    let context: OpaquePointer

    private init(owning context: OpaquePointer) {
        unsafe self.context = context
    }

    deinit {
        unsafe ctls_context_free(context)
    }

    /// A server's, from PEM files: TLS 1.2 or later, ALPN with HTTP/2 before HTTP/1.1, no renegotiation.
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
        // What OpenSSL's decoders say of a file in which they find nothing.
        case CTLS_FAULT_KEY: throw .key(path: key, reason: reason == "unsupported" ? "no private key in it" : reason)
        case CTLS_FAULT_PAIR: throw .mismatch(certificate: certificate, key: key)
        default: throw .library(reason: reason)
        }
    }

    /// A client's.
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

    /// When the certificate ends, in seconds since 1970; nil for a client.
    package var expiry: Int? {
        let seconds = unsafe ctls_context_expiry(context)
        return seconds > 0 ? Int(seconds) : nil
    }
}

/// Whom a client believes to be the server that it asked for.
package enum TLSTrust: Sendable, Equatable {
    /// Whoever answers: for an address of the same machine.
    case anyone
    /// Who has a certificate that the system trusts.
    case system
    /// Who has one of a PEM file's certificates, or one signed by them.
    case file(String)
}

/// Lends a C function room for its message, and gives both its result and that message.
func withMessage<Value>(_ body: (UnsafeMutablePointer<CChar>) -> Value) -> (Value, String) {
    var message = [CChar](repeating: 0, count: Int(CTLS_MESSAGE_BYTES))
    return unsafe message.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("CTLS_MESSAGE_BYTES is not 0") }
        let result = unsafe body(base)
        return unsafe (result, String(cString: base))
    }
}
