extension HTTP1Connection {
    /// Takes what was read from the socket. Bytes behind the request in work are kept for later.
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

    /// Goes on with what was kept, as far as it may.
    mutating func resume() {
        if pendingCount > 0 {
            let bytes = pending
            let consumed = parse(bytes.span.extracting(pendingStart..<bytes.count))
            if state != .closed { pendingStart += consumed }
        }
        compactPending()
        settleEndOfInput()
    }

    /// Drops what is consumed once it is half of what is kept: amortised O(1) a byte.
    private mutating func compactPending() {
        guard pendingStart > 0, pendingStart * 2 >= pending.count else { return }
        if pendingCount == 0 { pending = [] } else { pending.removeFirst(pendingStart) }
        pendingStart = 0
    }

    /// After the peer's FIN: complete requests are still served; a request that breaks off can't be.
    private mutating func settleEndOfInput() {
        guard hasInputEnded, pendingCount == 0 else { return }
        switch state {
        case .requestLine where lines.isEmpty: finish()
        case .requestLine, .fields, .sizedBody, .chunkedBody: fail(.incomplete)
        case .inWork, .closed: break
        }
    }

    /// Reads as far as the state allows; returns how many bytes it used.
    private mutating func parse(_ input: Span<UInt8>) -> Int {
        var position = 0
        do {
            while position < input.count {
                switch state {
                case .requestLine:
                    // An answer that isn't taken holds the next request back: a pipeline can't pile up answers.
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
        // What can't begin a method is no HTTP, TLS for instance: said at once, not when a line ends some day.
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
            // RFC 9112, 2.2: at least one empty line before a request is to be ignored; here one is.
            guard !hasSkippedEmptyLine else { throw .requestLineMalformed }
            hasSkippedEmptyLine = true
            lines.reset()
            return
        }
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

    /// The head is complete.
    private mutating func beginBody() throws(ProtocolError) {
        guard let head else { return }
        let request = try head.request()
        requestHead = request
        let framing = try head.framing()
        let expectsContinue = try head.expectsContinue()
        if framing != .none, framing != .length(0), let refusal = admission(request) { return refuse(refusal, head) }
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

    /// What is reserved for a body before any of it has come: a length is only a promise.
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
