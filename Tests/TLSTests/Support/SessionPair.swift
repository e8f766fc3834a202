import Foundation
import TLS

/// A client and a server over two connected descriptors that do not block, on one thread.
final class SessionPair {
    let client: TLSSession
    let server: TLSSession
    private let descriptors: [Int32]

    struct Failure: Error {}

    init(client: TLSContext, server: TLSContext, serverName: String = "localhost") throws {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0,
            let clientSession = TLSSession(context: client, descriptor: pair[0], serverName: serverName),
            let serverSession = TLSSession(context: server, descriptor: pair[1])
        else { throw Failure() }
        descriptors = pair
        self.client = clientSession
        self.server = serverSession
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }

    /// Runs both sides until neither has anything to do.
    func shakeHands() -> (client: TLSSession.Handshake, server: TLSSession.Handshake) {
        var (clientResult, serverResult) = (TLSSession.Handshake.blocked, TLSSession.Handshake.blocked)
        for _ in 0..<10 {
            if clientResult == .blocked { clientResult = client.handshake() }
            if serverResult == .blocked { serverResult = server.handshake() }
        }
        return (clientResult, serverResult)
    }

    /// Closes the client's side without close_notify.
    func cutClient() {
        shutdown(descriptors[0], Int32(SHUT_RDWR))
    }
}

extension TLSSession {
    /// The bytes that can be read now, as text.
    func text() -> String {
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        var room = bytes.mutableSpan
        guard case .bytes(let count) = receive(into: &room) else { return "" }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func send(_ text: String) -> Moved {
        let bytes = Array(text.utf8)
        return send(bytes.span)
    }

    /// The result of reading when there are no bytes.
    func receiveNothing() -> Moved {
        var bytes: [UInt8] = [0]
        var room = bytes.mutableSpan
        return receive(into: &room)
    }
}
