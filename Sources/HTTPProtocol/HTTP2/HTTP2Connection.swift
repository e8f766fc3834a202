import HTTPTypes

final class HTTP2Connection {
    var ownAnswerFields = HTTPFields()
    init(limits: HTTPLimits, errorBody: @escaping @Sendable (Int, String) -> [UInt8]) {}
    func receive(_ bytes: Span<UInt8>) {}
    func receiveEndOfInput() {}
    func nextEvent() -> HTTPEvent? { nil }
    func respond(_ head: HTTPResponse, body: [UInt8], isComplete: Bool, to stream: StreamID) {}
    func appendBody(_ bytes: [UInt8], isComplete: Bool, to stream: StreamID) {}
    func abort(_ stream: StreamID) {}
    func takeOutput(atMost limit: Int) -> [UInt8] { [] }
    func drain(isFinal: Bool) {}
    func phaseTimedOut() {}
    func enforceStreamTimeLimits(now: Duration, body: Duration, write: Duration) -> Int { 0 }
    var phase: ConnectionPhase { .closing }
    var epoch: UInt64 { 0 }
    var wantsInput: Bool { false }
    var hasOutput: Bool { false }
    var isFinished: Bool { true }
    var inFlight: Int { 0 }
    var bufferedOutputBytes: Int { 0 }
    var bufferedInputBytes: Int { 0 }
}
