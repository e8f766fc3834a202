import TLS

/// A ``RawClient`` that speaks TLS: blocking, for a thread of its own.
final class SecureClient {
    struct HandshakeFailure: Error {
        let result: TLSSession.Handshake
    }

    let connection: RawClient
    private let session: TLSSession

    init(port: Int, trusting trust: TLSTrust = .anyone) throws {
        connection = try RawClient(port: port)
        let context = try TLSContext.client(trusting: trust)
        guard let session = TLSSession(context: context, descriptor: connection.number, serverName: "localhost") else {
            throw HandshakeFailure(result: .blocked)
        }
        self.session = session
        let result = session.handshake()
        guard case .done = result else { throw HandshakeFailure(result: result) }
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        var rest = Array(text.utf8)
        while !rest.isEmpty {
            guard case .bytes(let count) = session.send(rest.span) else { return false }
            rest.removeFirst(count)
        }
        return true
    }

    /// Tells the server that no more bytes follow, by TLS and by TCP.
    func finishSending() {
        _ = session.finishSending()
        connection.finishSending()
    }

    /// The bytes that come next, as text; empty at the end.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var room = buffer.mutableSpan
        guard case .bytes(let count) = session.receive(into: &room) else { return "" }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// Everything until the server's end.
    func readToEnd() -> String {
        var text = ""
        while true {
            let piece = receive()
            if piece.isEmpty { return text }
            text += piece
        }
    }
}
