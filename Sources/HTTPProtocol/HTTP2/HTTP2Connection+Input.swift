import HTTPTypes

/// Reading: frames are judged and passed to the session, whose callbacks run while it reads. A callback may submit
/// frames, but must not read or send.
extension HTTP2Connection {
    func receive(_ bytes: Span<UInt8>) {
        var position = 0
        while position < bytes.count, !isBroken, !isDead {
            if scanner.payloadLeft > 0 {
                let count = min(scanner.payloadLeft, bytes.count - position)
                let piece = bytes.extracting(position..<(position + count))
                if scanner.findsSelfDependency(in: piece) {
                    // A stream error (RFC 7540, 5.3.1). A stream that is not open cannot be reset.
                    guard let stream = streams[scanner.stream] else { return fail(.protocolError) }
                    invalidFrameReceived()
                    giveUp(stream, .protocolError)
                }
                feed(piece)
                scanner.payloadLeft -= count
                position += count
            } else if let frame = scanner.readHeader(bytes, at: &position) {
                if let code = violation(frame) { return fail(code) }
                if !isLimitAcknowledgement(frame) { feed(scanner.header.span) }
            }
        }
    }

    private func feed(_ bytes: Span<UInt8>) {
        do {
            try session?.receive(bytes)
        } catch {
            switch error {
            // Our callbacks stop the session only if a header block has no end.
            case .stopped, .flooded: fail(.enhanceYourCalm)
            case .broken: fail(.internalError)
            }
        }
    }

    /// Whether the frame acknowledges our limit of streams. The library must not see this frame: after it, the library
    /// would answer one stream too many by ending the connection with all requests in work, whereas RFC 9113, 5.1.2,
    /// asks only to refuse the stream.
    private func isLimitAcknowledgement(_ frame: HTTP2FrameHeader) -> Bool {
        guard frame.kind == .settings, frame.isAcknowledgement, frame.length == 0, frame.stream == 0,
            headerStream == nil
        else { return false }
        acknowledgedSettings += 1
        return acknowledgedSettings > HTTP2Session.settingsBeforeLimit
    }

    // MARK: Frames

    /// Judges a frame by its header. Returns the code of the connection error; nil if the frame is allowed.
    private func violation(_ frame: HTTP2FrameHeader) -> HTTP2ErrorCode? {
        if frame.kind != .continuation, let refused = announcedStream {
            // The library did not begin the stream: too many are open, or GOAWAY was sent.
            announcedStream = nil
            ledger.noteReset(refused)
        }
        // RFC 9113, 6.3. The library ignores PRIORITY, because our settings say that we do.
        if frame.kind == .priority, frame.stream == 0 { return .protocolError }
        if frame.kind == .settings { queuedBeforeSettings = session?.queuedFrames ?? 0 }
        guard isOnLivingStream(frame) else { return .streamClosed }
        if frame.kind == .headers, frame.stream % 2 == 1 {
            switch ledger.open(frame.stream) {
            case .new: announcedStream = frame.stream
            case .known: break
            // RFC 9113, 5.1.1: a new stream's number must be higher than all before.
            case .skipped: return .protocolError
            }
        }
        return flood.spend(cost(of: frame)) ? nil : .enhanceYourCalm
    }

    private func cost(of frame: HTTP2FrameHeader) -> Int {
        switch frame.kind {
        case .headers: FloodGuard.streamCost
        // Later, the first byte of data earns this cost back. Padding alone earns nothing.
        case .data: frame.endsStream ? 0 : 1
        case .settings: frame.isAcknowledgement && acknowledgedSettings <= HTTP2Session.settingsBeforeLimit ? 0 : 1
        // The library counts CONTINUATION frames, and the other two end the connection anyway.
        case .continuation, .goAway, .pushPromise: 0
        case .priority, .reset, .ping, .windowUpdate, nil: 1
        }
    }

    /// Whether the frame may come on its stream (RFC 9113, 5.1). On a closed stream, only those frames may come that
    /// the peer sent before it received our RST_STREAM.
    private func isOnLivingStream(_ frame: HTTP2FrameHeader) -> Bool {
        guard frame.kind == .headers || frame.kind == .data, frame.stream > 0, frame.stream % 2 == 1 else {
            return true
        }
        return !ledger.wasPassed(frame.stream) || streams[frame.stream] != nil || ledger.wasReset(frame.stream)
            || frame.kind == .headers && ledger.isSkipped(frame.stream)
    }

    /// Handles a whole valid frame that the library has read.
    func frameReceived(_ frame: HTTP2FrameHeader) {
        switch frame.kind {
        case .headers:
            guard let stream = streams[frame.stream] else { break }
            headerStream = nil
            if stream.state == .readingHead { finishHead(stream, isWhole: frame.endsStream) }
            if stream.state == .readingBody, frame.endsStream { handOut(stream) }
        case .data:
            guard frame.endsStream, let stream = streams[frame.stream], stream.state == .readingBody else { break }
            handOut(stream)
        case .settings:
            if !hasSettings { epoch &+= 1 }
            hasSettings = true
            // The library queues an acknowledgement, and RST_STREAM for streams whose window has become too large. By
            // RFC 9113, 6.9.2, a window that has become too large is a connection error.
            let answers = (session?.queuedFrames ?? 0) - queuedBeforeSettings
            if !frame.isAcknowledgement, answers > 1 { fail(.flowControlError) }
        case .ping:
            if frame.isAcknowledgement { finishDraining() }
        default:
            break
        }
    }

    /// Handles an invalid frame that the library has read. The library itself answers with RST_STREAM or GOAWAY.
    func invalidFrameReceived() {
        events.append(.protocolError(.http2Protocol))
    }

    // MARK: Heads

    func requestBegins(_ id: StreamID) {
        announcedStream = nil
        streams[id] = HTTP2Stream(id: id)
        readingCount += 1
        headerStream = id
        epoch &+= 1
    }

    /// Takes a field. Returns false to stop the session when the fields have no end.
    func fieldReceived(name: Span<UInt8>, value: Span<UInt8>, on id: StreamID) -> Bool {
        guard let stream = streams[id] else { return true }
        // Trailers are counted like fields and then dropped, because the head is already made.
        stream.fields.append(name: name, value: value, limits: limits)
        return !stream.fields.isBomb
    }

    func invalidFieldReceived(on id: StreamID) {
        events.append(.protocolError(.field))
        if let stream = streams[id] { giveUp(stream, .protocolError) }
    }

    /// Handles a complete head. `isWhole` is true if no body follows.
    private func finishHead(_ stream: HTTP2Stream, isWhole: Bool) {
        stream.isHead = stream.fields.isHead
        do {
            let request = try stream.fields.request()
            stream.request = request
            let length = try stream.fields.contentLength()
            let expectsContinue = try stream.fields.expectsContinue()
            if !isWhole {
                switch admission(request, expectsContinue ? .awaited : .follows) {
                case .answer(let refusal)?: return refuse(stream, with: refusal)
                case .plan(let plan)?: stream.plan = plan
                case nil: break
                }
            }
            guard length ?? 0 <= limits.maxBodyBytes else {
                throw ProtocolError.bodyTooLarge(limit: limits.maxBodyBytes)
            }
            stream.state = .readingBody
            stream.fields = HTTP2FieldCollector()
            if expectsContinue, !isWhole { session?.submitContinue(to: stream.id) }
        } catch let error as ProtocolError {
            refuse(stream, error)
        } catch {
            refuse(stream, .incomplete)
        }
        epoch &+= 1
    }

    // MARK: Bodies

    func dataReceived(_ bytes: Span<UInt8>, on id: StreamID) {
        flood.earn(1)
        // The connection's window only bounds the bytes on their way. It is given back at once, so that a paused stream
        // does not block others.
        session?.consumeConnection(bytes.count)
        guard let stream = streams[id], stream.state == .readingBody else { return }
        guard bytes.count <= limits.maxBodyBytes - stream.body.count else {
            refuse(stream, .bodyTooLarge(limit: limits.maxBodyBytes))
            return
        }
        stream.body.append(bytes)
        stream.heldBodyBytes += bytes.count
        readingBytes += bytes.count
        giveWindow(to: stream, bytes.count)
    }

    /// Gives a stream its window back, or keeps it for later when the connection's bodies hold too many bytes.
    private func giveWindow(to stream: HTTP2Stream, _ count: Int) {
        guard mayGrow(stream) else {
            if stream.withheldWindow == 0 { withheldCount += 1 }
            stream.withheldWindow += count
            return
        }
        session?.consume(count, of: stream.id)
    }

    /// Whether the stream's body may grow. Above the limit only the oldest body may grow, so that the bodies are
    /// completed one after the other. Requests in work end without the peer's help, so waiting for them cannot last for
    /// ever.
    private func mayGrow(_ stream: HTTP2Stream) -> Bool {
        guard readingBytes + inWorkBytes > limits.maxConnectionBodyBytes else { return true }
        guard inWorkBytes <= limits.maxConnectionBodyBytes else { return false }
        return !streams.values.contains { $0.id < stream.id && $0.state == .readingBody }
    }

    /// Gives withheld windows back to the streams whose bodies may now grow.
    func giveWithheldWindows() {
        guard withheldCount > 0 else { return }
        for stream in streams.values.sorted(by: { $0.id < $1.id })
        where stream.withheldWindow > 0 && stream.state == .readingBody && mayGrow(stream) {
            session?.consume(stream.withheldWindow, of: stream.id)
            stream.withheldWindow = 0
            withheldCount -= 1
        }
    }

    /// Passes a complete request to the owner.
    private func handOut(_ stream: HTTP2Stream) {
        guard let request = stream.request else { return }
        leaveReading(stream)
        stream.state = .inWork
        inFlight += 1
        inWorkBytes += stream.heldBodyBytes
        let body = stream.body
        stream.body = []
        stream.request = nil
        events.append(.request(Request(head: request, version: .http2, body: body, plan: stream.plan), stream.id))
        stream.plan = nil
        epoch &+= 1
        giveWithheldWindows()
    }

    /// Removes a stream from the sums over streams that are being read. The caller then changes the stream's state.
    func leaveReading(_ stream: HTTP2Stream) {
        guard stream.state == .readingHead || stream.state == .readingBody else { return }
        readingCount -= 1
        readingBytes -= stream.heldBodyBytes
        if stream.withheldWindow > 0 {
            withheldCount -= 1
            stream.withheldWindow = 0
        }
        if headerStream == stream.id { headerStream = nil }
    }
}
