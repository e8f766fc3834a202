import HTTPProtocol
import HTTPTypes
import Time
import Transport

extension Connection {
    /// Reads once into the loop's buffer and passes the bytes to the protocol. Returns whether anything came.
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
            if http.isHTTP2 {
                // No HTTP/2 client closes only its own side, because it could then send neither window updates nor
                // acknowledgements.
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
        // The buffer is moved out of the table for the call, so that the protocol reads it without a copy.
        var buffer: [UInt8] = []
        swap(&buffer, &table.readBuffer)
        defer { swap(&buffer, &table.readBuffer) }
        var space = buffer.mutableSpan
        let asked = readSize
        var stamp = ArrivalStamp()
        let isHalfClosed = clock.halfClosed != nil
        let result = stream.receive(into: &space, atMost: asked, stamp: &stamp, gathers: !isHalfClosed)
        if case .bytes(let count) = result {
            let age = noteArrival(stamp)
            // If more comes, or the end, the reactor reports it.
            if !isHalfClosed, !stream.mayReceive(after: count, of: asked) { mayRead = false }
            let bytes = buffer.span.extracting(first: count)
            table.lastRead = http.isAtRequest ? (id, count) : nil
            if table.lastRead == nil || !refuseUnparsed(bytes, age) {
                dateOwnAnswers()
                http.receive(bytes)
            }
        }
        return result
    }

    /// The most bytes that are read now. HTTP/2's requests come many at a time, and the kernel tells only when the last
    /// bytes of a read came; so few are read at once, unless they belong to a long body.
    private var readSize: Int {
        let isBetweenRequests = http.isHTTP2 && http.bufferedInputBytes < Self.requestBytes
        return isBetweenRequests ? Self.requestBytes : ConnectionTable.readBytes
    }

    /// Notes when bytes had arrived that were read now. Returns how long they waited because the loop was late.
    private func noteArrival(_ stamp: ArrivalStamp) -> Duration {
        let now = Instant.now
        arrived = max(table.reactor.arrival(of: stamp, at: now), heldBack)
        var age = arrived.duration(to: now)
        table.lag.note(age, at: now)
        context.counters.lag.note(age, at: now)
        if let handshake {
            // The client had to wait for the handshake before it could send this.
            if arrived < handshake.end + Self.promptTime {
                arrived = arrived - handshake.wait
                age += handshake.wait
            }
            self.handshake = nil
        }
        table.memo.age = age
        table.memo.now = table.reactor.now
        return age
    }

    /// Sets the date and the server's name for the answers of the protocol itself.
    func dateOwnAnswers() {
        let date = table.dateField()
        guard table.dateSecond != datedSecond else { return }
        datedSecond = table.dateSecond
        http.ownAnswerFields[.date] = date
        if let name = context.configuration.serverName { http.ownAnswerFields[.server] = name }
    }

    /// Writes until the socket is full, no bytes are left, or the round's writes are used up. Returns whether any bytes
    /// were written.
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

    /// Reads and drops the bytes that a client sends after its last answer. Otherwise the kernel would reset the
    /// connection and the client might lose the answer (RFC 9112, 9.6). Returns whether there may be more bytes.
    func discardInput() -> Bool {
        guard mayRead else { return false }
        // The buffer holds a request's bytes no more.
        table.lastRead = nil
        var buffer: [UInt8] = []
        swap(&buffer, &table.readBuffer)
        defer { swap(&buffer, &table.readBuffer) }
        var space = buffer.mutableSpan
        // Even with TLS, the bytes are read from the socket itself, because their content does not matter.
        switch stream.socket.receive(into: &space) {
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
