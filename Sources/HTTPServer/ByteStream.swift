import Foundation
import TLS
import Transport

/// What a connection reads and writes: a socket's bytes, or those of a TLS session over it.
struct ByteStream: ~Copyable {
    let socket: Socket
    private let session: TLSSession?

    init(_ socket: consuming Socket, session: TLSSession? = nil) {
        self.socket = socket
        self.session = session
    }

    var isEncrypted: Bool { session != nil }

    /// Goes on with the handshake; done at once where there is none.
    func handshake() -> TLSSession.Handshake {
        session?.handshake() ?? .done(isHTTP2: false)
    }

    /// Reads what is there, at most the buffer's length.
    func receive(into buffer: inout MutableSpan<UInt8>) -> Socket.Received {
        guard let session else { return socket.receive(into: &buffer) }
        return switch session.receive(into: &buffer) {
        case .bytes(let count): .bytes(count)
        case .blocked: .nothingYet
        case .end: .end
        case .failed: .failed(Self.sessionFailure)
        }
    }

    /// Writes as many of the bytes as go; what did not must come again, unchanged.
    func send(_ bytes: Span<UInt8>) -> Socket.Sent {
        guard let session else { return socket.send(bytes) }
        return switch session.send(bytes) {
        case .bytes(let count): .bytes(count)
        case .blocked: .nothingYet
        case .end, .failed: .failed(Self.sessionFailure)
        }
    }

    /// Tells the peer that nothing more comes; false where that has to wait for the socket to be writable.
    func finishSending() -> Bool {
        if let session, session.finishSending() == .blocked { return false }
        socket.finishSending()
        return true
    }

    /// A session that is broken has no errno of its own.
    private static let sessionFailure = EPROTO
}
