/// The error codes of RFC 9113, 7, that this side sends.
enum HTTP2ErrorCode: UInt32 {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case streamClosed = 0x5
    case cancel = 0x8
    /// The peer's behaviour makes load without work: the answer to floods.
    case enhanceYourCalm = 0xB
}
