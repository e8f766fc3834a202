import Foundation
import TLS
import Transport

/// The byte stream of a connection: a socket, or a TLS session over a socket.
struct ByteStream: ~Copyable {
    let socket: Socket
    private let session: TLSSession?

    init(_ socket: consuming Socket, session: TLSSession? = nil) {
        self.socket = socket
        self.session = session
    }

    var isEncrypted: Bool { session != nil }

    /// Whether a read that gives less than the buffer's length has left no bytes. TLS reads one record at a time, and a
    /// unix socket ends a read behind passed descriptors.
    var endsReadsOnlyWhenEmpty: Bool { session == nil && socket.isStamped }

    /// Continues the handshake. Without TLS the handshake is done at once.
    func handshake() -> TLSSession.Handshake {
        session?.handshake() ?? .done(isHTTP2: false)
    }

    /// Reads the bytes that wait, at most the buffer's length, and tells when they arrived.
    func receive(into buffer: inout MutableSpan<UInt8>, stamp: inout ArrivalStamp) -> Socket.Received {
        guard let session else { return socket.receive(into: &buffer, stamp: &stamp) }
        let moved = session.receive(into: &buffer)
        stamp = ArrivalStamp(nanoseconds: session.arrivalStamp)
        return switch moved {
        case .bytes(let count): .bytes(count)
        case .blocked: .nothingYet
        case .end: .end
        case .failed: .failed(Self.sessionFailure)
        }
    }

    /// Writes as many of the bytes as the stream takes. The next call must pass the rest, unchanged.
    func send(_ bytes: Span<UInt8>) -> Socket.Sent {
        guard let session else { return socket.send(bytes) }
        return switch session.send(bytes) {
        case .bytes(let count): .bytes(count)
        case .blocked: .nothingYet
        case .end, .failed: .failed(Self.sessionFailure)
        }
    }

    /// Tells the peer that no more bytes follow. Returns false if that must wait until the socket is writable.
    func finishSending() -> Bool {
        if let session, session.finishSending() == .blocked { return false }
        socket.finishSending()
        return true
    }

    /// The errno that is reported for a broken session, which has none of its own.
    private static let sessionFailure = EPROTO
}
