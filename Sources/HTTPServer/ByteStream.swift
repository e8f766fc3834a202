import Foundation
import TLS
import Transport

/// The byte stream of a connection: a socket, or a TLS session over a socket.
struct ByteStream: ~Copyable {
    let socket: Socket
    private let tls: TLSContext?
    /// Nil until the handshake's first step, for which a client may have to wait: a session takes memory and time.
    private var session: TLSSession?

    init(_ socket: consuming Socket, tls: TLSContext? = nil) {
        self.socket = socket
        self.tls = tls
    }

    var isEncrypted: Bool { tls != nil }

    /// Continues the handshake. Without TLS the handshake is done at once.
    mutating func handshake() -> TLSSession.Handshake {
        guard let tls else { return .done(isHTTP2: false) }
        if session == nil { session = TLSSession(context: tls, descriptor: socket.number) }
        return session?.handshake() ?? .failed(reason: "no memory is left")
    }

    /// When the bytes arrived that the last step of the handshake has taken; unknown if it took none.
    var handshakeStamp: ArrivalStamp { ArrivalStamp(nanoseconds: session?.arrivalStamp ?? 0) }

    /// Reads the bytes that wait, at most `limit` and the buffer's length, and tells when the first of them arrived, as
    /// far as is known.
    ///
    /// - Parameter gathers: Whether all records of TLS that have come are read at once. Then the end of the client's
    ///   bytes must not have been reported before.
    func receive(
        into buffer: inout MutableSpan<UInt8>,
        atMost limit: Int,
        stamp: inout ArrivalStamp,
        gathers: Bool
    ) -> Socket.Received {
        guard let session else { return socket.receive(into: &buffer, atMost: limit, stamp: &stamp) }
        let moved = gathers ? session.gather(into: &buffer, atMost: limit) : session.receive(into: &buffer)
        stamp = ArrivalStamp(nanoseconds: session.arrivalStamp)
        return switch moved {
        case .bytes(let count): .bytes(count)
        case .blocked: .nothingYet
        case .end: .end
        case .failed: .failed(Self.sessionFailure)
        }
    }

    /// Whether there may be more bytes after a read of so many, although none are reported. On TCP, less than asked for
    /// is all that there is. A unix socket also ends a read behind bytes with which descriptors were passed.
    func mayReceive(after count: Int, of asked: Int) -> Bool {
        session?.mayReceive ?? (count == asked || !socket.isStamped)
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
