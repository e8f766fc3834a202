/// A frame's header (RFC 9113, 4.1).
struct HTTP2FrameHeader {
    /// The types that are looked at here.
    enum Kind: UInt8 {
        case data = 0, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    /// Bytes of the payload.
    let length: Int
    let type: UInt8
    let flags: UInt8
    let stream: StreamID

    /// Nil for a type that isn't known.
    var kind: Kind? { Kind(rawValue: type) }
    /// END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x1 != 0 }
    /// ACK of SETTINGS and PING.
    var isAcknowledgement: Bool { flags & 0x1 != 0 }
}
