extension HTTP1Connection {
    /// Takes the bytes that were read from the socket. Bytes after the request in work are kept for later.
    mutating func receive(_ bytes: Span<UInt8>) {
        guard state != .closed, !hasInputEnded else { return }
        guard pendingCount == 0 else {
            pending.append(bytes)
            resume()
            return
        }
        let consumed = parse(bytes)
        guard consumed < bytes.count, state != .closed else { return }
        pending = []
        pendingStart = 0
        pending.append(bytes.extracting(consumed..<bytes.count))
    }

    mutating func receiveEndOfInput() {
        hasInputEnded = true
        settleEndOfInput()
    }

    /// Continues with the kept bytes, as far as the state allows.
    mutating func resume() {
        if pendingCount > 0 {
            let bytes = pending
            let consumed = parse(bytes.span.extracting(pendingStart..<bytes.count))
            if state != .closed { pendingStart += consumed }
        }
        compactPending()
        settleEndOfInput()
    }

    /// Removes consumed bytes once they are half of the kept ones: amortised O(1) for each byte.
    private mutating func compactPending() {
        guard pendingStart > 0, pendingStart * 2 >= pending.count else { return }
        if pendingCount == 0 { pending = [] } else { pending.removeFirst(pendingStart) }
        pendingStart = 0
    }

    /// Handles the peer's FIN: complete requests are still served, but an incomplete one cannot be served.
    private mutating func settleEndOfInput() {
        guard hasInputEnded, pendingCount == 0 else { return }
        switch state {
        case .requestLine where lines.isEmpty: finish()
        case .requestLine, .fields, .sizedBody, .chunkedBody: fail(.incomplete)
        case .inWork, .closed: break
        }
    }

    /// Parses input as far as the state allows. Returns the number of bytes used.
    private mutating func parse(_ input: Span<UInt8>) -> Int {
        var position = 0
        do {
            while position < input.count {
                switch state {
                case .requestLine:
                    // The next request waits until the client has read enough of the answers, so that a pipeline cannot
                    // pile up answers.
                    guard !(lines.isEmpty && isOutputFull) else { return position }
                    try readRequestLine(input, at: &position)
                case .fields:
                    try readField(input, at: &position)
                case .sizedBody(let remaining):
                    readSizedBody(input, at: &position, remaining: remaining)
                case .chunkedBody:
                    if try chunks.decode(input, at: &position, into: &body, limits: limits) { handOut() }
                case .inWork:
                    return position
                case .closed:
                    return input.count
                }
            }
        } catch {
            fail(error)
            return input.count
        }
        return position
    }

    private mutating func readRequestLine(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) {
        // If the first byte cannot begin a method, the input is not HTTP but, for instance, TLS. It is refused at once,
        // because the line's end may never come.
        let first = input[position]
        if lines.isEmpty, first != ByteClass.carriageReturn, first != ByteClass.lineFeed, !ByteClass.isToken(first) {
            throw .requestLineMalformed
        }
        do {
            let limit = limits.maxTargetBytes + RequestLineParser.overheadBytes
            guard try lines.read(input, at: &position, limit: limit) else { return }
        } catch {
            throw error == .tooLong ? .targetTooLong(limit: limits.maxTargetBytes) : ProtocolError(error)
        }
        guard !lines.line.isEmpty else {
            // RFC 9112, 2.2: a server should ignore at least one empty line before a request. We ignore one.
            guard !hasSkippedEmptyLine else { throw .requestLineMalformed }
            hasSkippedEmptyLine = true
            lines.reset()
            return
        }
        if mayBeForeign, RequestLineParser.isForeign(lines.line) { return refusePreface() }
        head = RequestHead(try RequestLineParser(lines.line, maxTargetBytes: limits.maxTargetBytes))
        lines.reset()
        state = .fields
    }

    private mutating func readField(_ input: Span<UInt8>, at position: inout Int) throws(ProtocolError) {
        do {
            guard try lines.read(input, at: &position, limit: max(0, limits.maxHeaderBytes - headBytes)) else { return }
        } catch {
            throw error == .tooLong ? .headTooLarge(limit: limits.maxHeaderBytes) : ProtocolError(error)
        }
        defer { lines.reset() }
        guard !lines.line.isEmpty else {
            try beginBody()
            return
        }
        headBytes += lines.line.count + 2
        try head?.append(lines.line, limits: limits)
    }

    /// The head is complete: refuses the request, passes it to the owner, or begins its body.
    private mutating func beginBody() throws(ProtocolError) {
        guard let head else { return }
        let request = try head.request()
        requestHead = request
        let framing = try head.framing()
        let expectsContinue = try head.expectsContinue()
        if framing != .none, framing != .length(0) {
            switch admission(request, expectsContinue ? .awaited : .follows) {
            case .answer(let refusal)?: return refuse(refusal, head)
            case .plan(let plan)?: self.plan = plan
            case nil: break
            }
        }
        switch framing {
        case .none, .length(0):
            handOut()
            return
        case .length(let length):
            guard length <= limits.maxBodyBytes else { throw .bodyTooLarge(limit: limits.maxBodyBytes) }
            body.reserveCapacity(min(length, Self.maxReservedBodyBytes))
            state = .sizedBody(remaining: length)
        case .chunked:
            state = .chunkedBody
        }
        if expectsContinue { output.append(ResponseSerializer.continueResponse) }
    }

    /// The most bytes that are reserved for a body before it arrives: the announced length is only a promise.
    private static var maxReservedBodyBytes: Int { 64 * 1024 }

    private mutating func readSizedBody(_ input: Span<UInt8>, at position: inout Int, remaining: Int) {
        let count = min(remaining, input.count - position)
        body.append(input.extracting(position..<(position + count)))
        position += count
        if count == remaining {
            handOut()
        } else {
            state = .sizedBody(remaining: remaining - count)
        }
    }
}
