import HTTPTypes

/// Writing: the answers, and the session's callbacks while it sends.
extension HTTP2Connection {
    func respond(_ response: HTTPResponse, body: [UInt8], isComplete: Bool, to id: StreamID) {
        guard let stream = streams[id], stream.state == .inWork, !stream.hasResponded else { return }
        guard (200...599).contains(response.status.code) else {
            // An interim or impossible status is no answer. It is reported as a mistake of the handler.
            let message = "the handler answered with status \(response.status.code)"
            let own = ownAnswer(500, message)
            submit(own.ownHead(common: ownAnswerFields), body: own.bytes, isComplete: true, on: stream)
            return
        }
        submit(response, body: body, isComplete: isComplete, on: stream)
    }

    func respond(_ answer: ReadyAnswer, to id: StreamID) {
        guard let stream = streams[id], stream.state == .inWork, !stream.hasResponded else { return }
        stream.hasResponded = true
        stream.dropsBody = stream.isHead
        submit(answer.block, body: answer.body, isComplete: true, on: stream)
    }

    func appendBody(_ bytes: [UInt8], isComplete: Bool, to id: StreamID) {
        guard let stream = streams[id], stream.state == .inWork, stream.hasResponded, !stream.isOutputComplete
        else { return }
        appendPiece(bytes, isComplete: isComplete, on: stream)
        if stream.isDeferred, !stream.output.isEmpty || isComplete {
            stream.isDeferred = false
            session?.resumeBody(of: id)
        }
    }

    func abort(_ id: StreamID) {
        guard let stream = streams[id], stream.state == .inWork else { return }
        giveUp(stream, .internalError, tellsOwner: false)
    }

    func takeOutput(atMost limit: Int) -> [UInt8] {
        while !isDead, output.count < limit {
            do {
                guard let frame = try session?.nextFrame(), !frame.isEmpty else { break }
                output.append(frame)
            } catch {
                fail(.internalError)
            }
        }
        return output.take(atMost: limit)
    }

    private func submit(_ response: HTTPResponse, body: [UInt8], isComplete: Bool, on stream: HTTP2Stream) {
        let hasNoBody = response.status.code == 204 || response.status.code == 304
        stream.hasResponded = true
        stream.dropsBody = stream.isHead || hasNoBody
        var length: Int? = isComplete && !hasNoBody ? body.count : nil
        if stream.isHead, isComplete, body.isEmpty, let own = response.headerFields[.contentLength].flatMap(Int.init) {
            // For HEAD, a handler may set the length of the body that GET would get, without making that body (RFC
            // 9110, 9.3.2).
            length = max(0, own)
        }
        submit(HeaderBlock(response, contentLength: length), body: body, isComplete: isComplete, on: stream)
    }

    private func submit(_ block: HeaderBlock, body: [UInt8], isComplete: Bool, on stream: HTTP2Stream) {
        let hasData = !isComplete || (!stream.dropsBody && !body.isEmpty)
        appendPiece(body, isComplete: isComplete, on: stream)
        guard session?.submitResponse(block, hasBody: hasData, to: stream.id) == true else {
            giveUp(stream, .internalError)
            return
        }
    }

    private func appendPiece(_ bytes: [UInt8], isComplete: Bool, on stream: HTTP2Stream) {
        if !stream.dropsBody {
            stream.output.append(bytes)
            streamOutputBytes += bytes.count
        }
        stream.isOutputComplete = isComplete
        stream.awaitsCapacity = !isComplete
        offerCapacity(stream)
    }

    /// Tells the owner once that there is capacity for its next piece.
    private func offerCapacity(_ stream: HTTP2Stream) {
        guard stream.awaitsCapacity, stream.state == .inWork, stream.output.count < limits.responseLowWaterBytes
        else { return }
        stream.awaitsCapacity = false
        events.append(.bodyCapacity(stream.id))
    }

    // MARK: Callbacks

    /// The next bytes of a stream's body; nil when the stream is gone.
    func nextPiece(of id: StreamID, atMost limit: Int) -> (bytes: [UInt8], isLast: Bool)? {
        guard let stream = streams[id], stream.state != .gone else { return nil }
        let bytes = stream.output.take(atMost: limit)
        streamOutputBytes -= bytes.count
        stream.sentBytes += bytes.count
        let isLast = stream.isOutputComplete && stream.output.isEmpty
        stream.isDeferred = bytes.isEmpty && !isLast
        offerCapacity(stream)
        return (bytes, isLast)
    }

    func frameSent(_ frame: HTTP2FrameHeader, goAwayCode: UInt32) {
        switch frame.kind {
        case .data, .headers:
            if frame.kind == .data { flood.earn(FloodGuard.dataSentCredit) }
            guard frame.endsStream, let stream = streams[frame.stream] else { break }
            stream.isAnswered = true
            // RFC 9113, 8.1: if an answer is complete before its request, a reset without error tells the client to
            // stop sending. The reset is sent a little later, because a client that is still sending would take it for
            // a failure and not read the answer; see `enforceStreamTimeLimits`. During a drain the reset is sent at
            // once.
            guard session?.isRemoteClosed(frame.stream) == false else { break }
            if isDraining {
                session?.reset(frame.stream, .noError)
            } else {
                stream.lingers = true
                lingeringCount += 1
            }
        case .reset:
            ledger.noteReset(frame.stream)
        case .goAway:
            if goAwayCode != HTTP2ErrorCode.noError.rawValue { endedByLibrary() }
        default:
            break
        }
    }

    /// Handles a frame that could not be sent. If it is an answer's head, the head is too large, which is our fault;
    /// any other frame has only lost its stream.
    func frameNotSent(_ frame: HTTP2FrameHeader) {
        guard frame.kind == .headers, let stream = streams[frame.stream] else { return }
        giveUp(stream, .internalError)
    }

    /// Handles a stream that the library has closed. Either side may have ended it.
    func streamClosed(_ id: StreamID) {
        guard let stream = streams[id] else { return }
        forget(stream)
        streams[id] = nil
        epoch &+= 1
    }

    // MARK: A stream's end

    /// Answers a protocol error on one stream. Bytes that the peer still sends on the stream are dropped.
    func refuse(_ stream: HTTP2Stream, _ error: ProtocolError) {
        guard stream.state == .readingHead || stream.state == .readingBody else { return }
        events.append(.protocolError(error.kind))
        refuse(stream, with: ownAnswer(error.status, error.description))
    }

    /// Answers an incomplete request. Bytes that the peer still sends on its stream are dropped.
    func refuse(_ stream: HTTP2Stream, with answer: Response) {
        leaveReading(stream)
        stream.state = .refused
        stream.heldBodyBytes = 0
        stream.body = []
        stream.request = nil
        stream.plan = nil
        stream.fields = HTTP2FieldCollector()
        epoch &+= 1
        var head = answer.head
        for field in ownAnswerFields { head.headerFields[field.name] = field.value }
        submit(head, body: answer.bytes, isComplete: true, on: stream)
        giveWithheldWindows()
    }

    /// Resets a stream. Its memory is freed now; the library closes it when RST_STREAM is sent.
    func giveUp(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode, tellsOwner: Bool = true) {
        guard stream.state != .gone else { return }
        forget(stream, tellsOwner: tellsOwner)
        session?.reset(stream.id, code)
    }

    /// Removes a stream from all sums, and tells the owner if its request was in work.
    func forget(_ stream: HTTP2Stream, tellsOwner: Bool = true) {
        leaveReading(stream)
        if stream.lingers {
            stream.lingers = false
            lingeringCount -= 1
        }
        if stream.state == .inWork {
            inFlight -= 1
            inWorkBytes -= stream.heldBodyBytes
            if stream.isAnswered {
                flood.earn(FloodGuard.answerCredit)
            } else if tellsOwner {
                events.append(.cancelled(stream.id))
            }
        }
        streamOutputBytes -= stream.output.count
        stream.output.removeAll()
        stream.body = []
        stream.state = .gone
        giveWithheldWindows()
    }
}
