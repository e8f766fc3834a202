/// One request that was handed out, until its answer is all with the protocol.
struct Exchange {
    /// The task that makes the answer, or its next piece; nil while the answer waits for room.
    var task: Task<Void, Never>?
    /// The rest of a streamed answer; nil until the answer has begun.
    var pull: (@Sendable () async throws -> [UInt8]?)?
    /// Bytes of the request's body, counted as held until the answer begins.
    var bodyBytes: Int
    /// Of a streamed answer that has begun.
    var record: (any AnswerRecord)?
}
