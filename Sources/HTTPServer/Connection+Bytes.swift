import HTTPProtocol
import HTTPTypes
import Transport

extension Connection {
    /// Reads once into the loop's buffer and hands it to the protocol; returns whether anything came.
    func read() -> Bool {
        switch receive() {
        case .bytes(let count):
            context.counters.add(count, to: .bytesReceived)
            return true
        case .nothingYet:
            mayRead = false
            return false
        case .end:
            hasEnded = true
            clock.peerFinished(at: table.reactor.now)
            if http.protocolName == "h2" {
                // Nobody half-closes HTTP/2: neither window updates nor acknowledgements could come any more.
                abandon()
            } else {
                http.receiveEndOfInput()
            }
            return true
        case .failed:
            abandon()
            return true
        }
    }

    private func receive() -> Socket.Received {
        // Out of the table for the call, so that the protocol reads it where it is.
        var buffer: [UInt8] = []
        swap(&buffer, &table.readBuffer)
        defer { swap(&buffer, &table.readBuffer) }
        var room = buffer.mutableSpan
        let result = stream.receive(into: &room)
        if case .bytes(let count) = result {
            dateOwnAnswers()
            http.receive(buffer.span.extracting(first: count))
        }
        return result
    }

    /// Has the answers that the protocol makes itself carry the present date and the server's name.
    func dateOwnAnswers() {
        let date = table.dateField()
        guard table.dateSecond != datedSecond else { return }
        datedSecond = table.dateSecond
        http.ownAnswerFields[.date] = date
        if let name = context.configuration.serverName { http.ownAnswerFields[.server] = name }
    }

    /// Writes until the socket is full, nothing is left, or the round's share is used up; returns whether anything
    /// went.
    func write() -> Bool {
        var hasMoved = false
        var writes = 0
        while mayWrite, stage == .serving, writes < Self.writesPerRound {
            writes += 1
            if unsent.isEmpty {
                unsent = http.takeOutput(atMost: Self.writeBytes)
                sent = 0
                guard !unsent.isEmpty else { break }
                clock.beginWrite(at: table.reactor.now)
            }
            switch stream.send(unsent.span.extracting(last: unsent.count - sent)) {
            case .bytes(let count):
                context.counters.add(count, to: .bytesSent)
                clock.wrote(count, at: table.reactor.now, minimum: Self.minimumWriteProgress)
                sent += count
                if sent == unsent.count {
                    unsent = []
                    sent = 0
                }
                endsSilently = false
                hasMoved = true
            case .nothingYet:
                mayWrite = false
            case .failed:
                abandon()
                return true
            }
        }
        return hasMoved
    }

    /// Reads and drops what a client sends after its last answer, so that the kernel does not reset the connection
    /// under that answer (RFC 9112, 9.6); returns whether there may be more.
    func discardInput() -> Bool {
        guard mayRead else { return false }
        var buffer: [UInt8] = []
        swap(&buffer, &table.readBuffer)
        defer { swap(&buffer, &table.readBuffer) }
        var room = buffer.mutableSpan
        // Of TLS too the socket's own bytes: nobody wants to know what they mean.
        switch stream.socket.receive(into: &room) {
        case .bytes(let count):
            discarded += count
            if discarded > Self.maxDiscardedBytes { close() }
            return true
        case .nothingYet:
            mayRead = false
            return false
        case .end, .failed:
            close()
            return true
        }
    }
}
