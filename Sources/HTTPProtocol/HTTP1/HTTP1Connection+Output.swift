import HTTPTypes

extension HTTP1Connection {
    mutating func respond(_ response: HTTPResponse, body: [UInt8], isComplete: Bool, to id: StreamID) {
        guard var work, work.id == id, work.answer == nil else { return }
        guard (200...599).contains(response.status.code) else {
            // An interim or impossible status is no answer. It is reported as a mistake of the handler.
            let message = "the handler answered with status \(response.status.code)"
            let own = ownAnswer(500, message)
            respond(own.ownHead(common: ownAnswerFields), body: own.bytes, isComplete: true, to: id)
            return
        }
        work.keepsAlive = keepsAlive(work, response)
        let framing = Self.framing(response, bodyCount: body.count, isComplete: isComplete, work: work)
        if framing == .untilClose { work.keepsAlive = false }
        work.answer = framing
        work.dropsBody = work.isHead || framing == .none
        self.work = work
        output.append(
            ResponseSerializer.head(response, body: framing, version: work.version, keepsAlive: work.keepsAlive)
        )
        appendPiece(body, isComplete: isComplete)
    }

    mutating func appendBody(_ bytes: [UInt8], isComplete: Bool, to id: StreamID) {
        guard let work, work.id == id, work.answer != nil else { return }
        appendPiece(bytes, isComplete: isComplete)
    }

    /// Gives up an answer that cannot be finished. HTTP/1.1 can only end the connection.
    mutating func abort(_ id: StreamID) {
        guard let work, work.id == id else { return }
        finish()
    }

    mutating func takeOutput(atMost limit: Int) -> [UInt8] {
        let bytes = output.take(atMost: limit)
        offerCapacity()
        if state == .requestLine, !isOutputFull { resume() }
        return bytes
    }

    private static func framing(
        _ response: HTTPResponse,
        bodyCount: Int,
        isComplete: Bool,
        work: Work
    ) -> ResponseSerializer.Body {
        switch response.status.code {
        case 204, 304: return .none
        default: break
        }
        guard isComplete else { return work.version == .http10 ? .untilClose : .chunked }
        // For HEAD, a handler may set the length of the body that GET would get, without making that body (RFC 9110,
        // 9.3.2).
        if work.isHead, bodyCount == 0, let length = response.headerFields[.contentLength].flatMap(Int.init) {
            return .length(max(0, length))
        }
        return .length(bodyCount)
    }

    private mutating func appendPiece(_ bytes: [UInt8], isComplete: Bool) {
        guard let work else { return }
        let isChunked = work.answer == .chunked
        if !work.dropsBody {
            output.append(isChunked ? ResponseSerializer.chunk(bytes) : bytes)
            if isChunked, isComplete { output.append(ResponseSerializer.lastChunk) }
        }
        if isComplete {
            completeAnswer()
        } else {
            self.work?.awaitsCapacity = true
            offerCapacity()
        }
    }

    /// Tells the owner once that there is capacity for its next piece.
    private mutating func offerCapacity() {
        guard let work, work.awaitsCapacity, !isOutputFull else { return }
        self.work?.awaitsCapacity = false
        events.append(.bodyCapacity(work.id))
    }
}
