import CTLS

/// TLS over one connected descriptor, which its owner closes after it. It is blocking where the descriptor is.
///
/// Owner: one thread, that of the connection.
@safe package final class TLSSession {
    /// What a step of the handshake came to.
    package enum Handshake: Sendable, Equatable {
        /// Both sides have the keys; ALPN chose HTTP/2 or not.
        case done(isHTTP2: Bool)
        /// Nothing now: again when the descriptor is readable or writable.
        case blocked
        /// The peer has gone.
        case end
        /// It can't be: what OpenSSL says.
        case failed(reason: String)
    }

    /// What reading, writing or the end came to.
    package enum Moved: Sendable, Equatable {
        /// So many bytes, at least one; 0 for the end that was sent.
        case bytes(Int)
        /// Nothing now: again when the descriptor is readable or writable.
        case blocked
        /// The peer has finished sending.
        case end
        /// The session is broken.
        case failed
    }

    private let session: OpaquePointer

    /// A session; nil when memory is short.
    ///
    /// - Parameters:
    ///   - serverName: For a client: whom it wants to reach, a name or a numeric address.
    package init?(context: TLSContext, descriptor: Int32, serverName: String? = nil) {
        guard let session = unsafe ctls_session_create(context.context, descriptor, serverName) else { return nil }
        unsafe self.session = session
    }

    deinit {
        unsafe ctls_session_free(session)
    }

    /// Goes on with the handshake.
    package func handshake() -> Handshake {
        let (result, reason) = unsafe withMessage { unsafe ctls_handshake(session, $0) }
        switch result {
        case CTLS_DONE.rawValue: return .done(isHTTP2: unsafe ctls_chose_http2(session))
        case CTLS_BLOCKED.rawValue: return .blocked
        case CTLS_END.rawValue: return .end
        default: return .failed(reason: reason)
        }
    }

    /// Reads at most the buffer's length, and at most one record.
    package func receive(into buffer: inout MutableSpan<UInt8>) -> Moved {
        Self.moved(
            unsafe buffer.withUnsafeMutableBufferPointer { unsafe ctls_read(session, $0.baseAddress, $0.count) }
        )
    }

    /// Writes as many of the bytes as go, which must not be none. After `blocked` the same bytes must come again.
    package func send(_ bytes: Span<UInt8>) -> Moved {
        Self.moved(unsafe bytes.withUnsafeBufferPointer { unsafe ctls_write(session, $0.baseAddress, $0.count) })
    }

    /// Tells the peer that nothing more comes (close_notify). What was written before is still delivered.
    package func finishSending() -> Moved {
        Self.moved(Int(unsafe ctls_finish(session)))
    }

    private static func moved(_ result: Int) -> Moved {
        switch result {
        case 0...: .bytes(result)
        case Int(CTLS_BLOCKED.rawValue): .blocked
        case Int(CTLS_END.rawValue): .end
        default: .failed
        }
    }
}
