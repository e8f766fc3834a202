import HTTPProtocol
import Time
import Transport

/// The part of a connection that handles a lack of places for clients (``ConnectionPlace``).
extension Connection {
    /// Notes whether the connection is idle: between requests, or new and silent. An idle connection may have to make
    /// room for a new one.
    func noteIdleness() {
        guard place.shortage == nil else { return }
        let isIdle =
            switch stage {
            case .handshaking: !hasGreeted
            case .serving: clock.phase == .idle && unsent.isEmpty
            case .lingering, .closed: false
            }
        table.note(self, idleSince: isIdle ? clock.phaseBegan : nil)
    }

    /// Whether bytes have come that are not read yet.
    var hasUnreadInput: Bool {
        if case .byte = stream.socket.peek() { return true }
        return false
    }

    /// Closes an idle connection without unread input. It reads nothing: another connection may be reading now.
    func makeRoom() {
        if stage == .serving {
            // In HTTP/2 this makes a GOAWAY, which tells the client that nothing that it sends now is processed.
            http.phaseTimedOut()
            _ = write()
            _ = stream.finishSending()
        }
        close()
    }

    /// Makes the next answer the last, if the connection has no place. Call it when a request has come.
    func endIfPlaceless() {
        guard place.shortage != nil, !isEnding else { return }
        isEnding = true
        http.drain()
    }

    /// The end of the time that a connection without a place has for its first request.
    var placeDeadline: Instant? {
        guard place.shortage != nil, !isEnding else { return nil }
        return place.since + min(context.configuration.headTimeout, ConnectionPlace.patience)
    }

    /// Ends a connection without a place: its time is up, or a newer connection needs its descriptor.
    ///
    /// - Parameter lingers: Whether there is time to wait until the client has received its answer.
    func giveWay(lingers: Bool) {
        guard let shortage = place.shortage, !isEnding, stage != .lingering else { return close() }
        place.refuse()
        // A client of TLS or HTTP/2 could not read this answer.
        guard stage == .serving, !stream.isEncrypted, !http.isHTTP2, !http.hasOutput, unsent.isEmpty else {
            return close()
        }
        table.sendRefusal(shortage, on: stream.socket)
        if lingers { linger() } else { close() }
    }
}
