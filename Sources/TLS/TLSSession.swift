import CTLS

/// A TLS session over one connected descriptor. The descriptor's owner closes it after the session has ended. The
/// session blocks if the descriptor does.
///
/// Owner: the connection's thread.
@safe package final class TLSSession {
    /// The result of a step of the handshake.
    package enum Handshake: Sendable, Equatable {
        /// Both sides have the keys; whether ALPN chose HTTP/2.
        case done(isHTTP2: Bool)
        /// Nothing can be done now: try again when the descriptor is readable or writable.
        case blocked
        /// The peer has disconnected.
        case end
        /// The handshake failed; OpenSSL's reason.
        case failed(reason: String)
    }

    /// The result of reading, writing or sending the end.
    package enum Moved: Sendable, Equatable {
        /// The number of bytes, at least one; 0 when the end was sent.
        case bytes(Int)
        /// Nothing can be done now: try again when the descriptor is readable or writable.
        case blocked
        /// The peer has finished sending.
        case end
        /// The session is broken.
        case failed
    }

    private let session: OpaquePointer

    /// Makes a session; nil if memory is short.
    ///
    /// - Parameters:
    ///   - serverName: In a client, the name or numeric address of the server; nil in a server.
    package init?(context: TLSContext, descriptor: Int32, serverName: String? = nil) {
        guard let session = unsafe ctls_session_create(context.context, descriptor, serverName) else { return nil }
        unsafe self.session = session
    }

    deinit {
        unsafe ctls_session_free(session)
    }

    /// Continues the handshake.
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

    /// Reads all records that have come, at most `limit` bytes and the buffer's length. For an owner to whom later
    /// bytes are reported.
    package func gather(into buffer: inout MutableSpan<UInt8>, atMost limit: Int) -> Moved {
        Self.moved(
            unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe ctls_gather(session, $0.baseAddress, min($0.count, limit))
            }
        )
    }

    /// Whether another read may give something although nothing more is reported.
    package var mayReceive: Bool { unsafe ctls_may_read(session) }

    /// When the kernel received the first bytes that the last read or step of the handshake has taken, in nanoseconds
    /// since 1970; 0 if it took none, or the kernel did not note it.
    package var arrivalStamp: Int64 { unsafe ctls_stamp(session) }

    /// Writes as many of the bytes as the session takes. `bytes` must not be empty. After `blocked` the next call must
    /// pass the same bytes again.
    package func send(_ bytes: Span<UInt8>) -> Moved {
        Self.moved(unsafe bytes.withUnsafeBufferPointer { unsafe ctls_write(session, $0.baseAddress, $0.count) })
    }

    /// Tells the peer that no more bytes follow (close_notify). Bytes written before are still delivered.
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
