import HTTPProtocol
import Logging
import TLS
import Transport

extension Connection {
    /// One step of the TLS handshake; returns whether it moved.
    func shakeHands() -> Bool {
        if !hasGreeted {
            switch stream.socket.peek() {
            case .byte(let byte) where Self.beginsMethod(byte):
                refusePlainText()
                return true
            case .byte:
                hasGreeted = true
            case .nothingYet:
                return false
            case .end, .failed:
                // A load balancer that only looks whether the port is open does so.
                close()
                return true
            }
        }
        switch stream.handshake() {
        case .done(let isHTTP2):
            beginServing(isHTTP2 ? .http2 : .http1)
            return true
        case .blocked:
            return false
        case .end:
            handshakeFailed("the client has gone")
        case .failed(let reason):
            handshakeFailed(reason)
        }
        return true
    }

    /// Counts a handshake that came to nothing, and lets the alert that says why arrive.
    private func handshakeFailed(_ reason: String) {
        context.counters.add(1, to: .tlsFailures)
        context.logger.debug("TLS handshake failed", metadata: ["reason": "\(reason)"])
        stream.socket.finishSending()
        linger()
    }

    private func beginServing(_ negotiated: HTTPConnection.Negotiated) {
        context.counters.add(1, to: .tlsHandshakes)
        stage = .serving
        http = Self.makeProtocol(context, negotiated, client: client)
        clock = PhaseClock(now: table.reactor.now)
        // What happened to the socket meanwhile was the handshake's.
        (mayRead, mayWrite) = (true, true)
        if table.isDraining { http.drain() }
    }

    // MARK: Plain HTTP

    /// The first byte of TLS is 22; that of HTTP is a letter.
    private static func beginsMethod(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    /// Answers whoever speaks HTTP to the port of HTTPS, in its own language.
    private func refusePlainText() {
        context.counters.add(1, to: .tlsFailures)
        _ = stream.socket.send(context.plainTextRefusal(date: table.dateField(), client: client).span)
        stream.socket.finishSending()
        linger()
    }
}
