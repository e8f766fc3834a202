import HTTPProtocol
import Logging
import TLS
import Time
import Transport

extension Connection {
    /// Queues for the next step of the handshake. Returns false: there is nothing else to do until then.
    func awaitHandshakeStep() -> Bool {
        guard !awaitsHandshakeStep else { return false }
        awaitsHandshakeStep = true
        table.handshakes.append(self)
        return false
    }

    /// Does the step for which the connection has queued.
    func doHandshakeStep() {
        awaitsHandshakeStep = false
        guard stage == .handshaking else { return }
        _ = shakeHands()
        if stage == .handshaking { updateDeadline() } else { step() }
    }

    /// Does one step of the TLS handshake. Returns whether the step made progress.
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
                // The client closed before the handshake, as a load balancer does that only checks whether the port is
                // open.
                close()
                return true
            }
        }
        let outcome = stream.handshake()
        noteHandshakeWait()
        switch outcome {
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

    /// Adds the time for which the client has waited for the step that is done.
    private func noteHandshakeWait() {
        let stamp = stream.handshakeStamp
        guard stamp != ArrivalStamp() else { return }
        let now = Instant.now
        let wait = table.reactor.arrival(of: stamp, at: now).duration(to: now)
        handshake = ((handshake?.wait ?? .zero) + wait, now)
    }

    /// Counts a failed handshake, and waits a moment so that TLS's alert with the reason arrives.
    private func handshakeFailed(_ reason: String) {
        context.counters.add(1, to: .tlsFailures)
        context.logger.debug("TLS handshake failed", metadata: ["reason": "\(reason)"])
        stream.socket.finishSending()
        linger()
    }

    private func beginServing(_ negotiated: HTTPConnection.Negotiated) {
        context.counters.add(1, to: .tlsHandshakes)
        stage = .serving
        http = Self.makeProtocol(table, negotiated, client: client, place)
        clock = PhaseClock(now: table.reactor.now)
        // The handshake may have used up the last report of readiness, so reading and writing are tried once.
        (mayRead, mayWrite) = (true, true)
        if table.isDraining { http.drain() }
    }

    // MARK: Plain HTTP

    /// Whether the byte can begin a method. TLS begins with 22, HTTP with a letter.
    private static func beginsMethod(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    /// Answers a client that sends plain HTTP to the HTTPS port, in plain HTTP.
    private func refusePlainText() {
        context.counters.add(1, to: .tlsFailures)
        _ = stream.socket.send(context.plainTextRefusal(date: table.dateField(), client: client).span)
        stream.socket.finishSending()
        linger()
    }
}
