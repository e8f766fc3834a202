/// Finds the headers of frames in the input (RFC 9113, 4.1), so that each frame can be checked before the library sees
/// it. The library makes no callback for frames that it skips, and skipped frames can be a flood, too.
struct FrameScanner {
    static let headerBytes = 9

    /// The header that is being read, or the last complete one.
    private(set) var header: [UInt8] = []
    /// The bytes of the frame's payload that must still come.
    var payloadLeft = 0
    /// The stream of the header, which must be complete.
    var stream: StreamID { Self.stream(header[5...]) }

    /// The first bytes of a PRIORITY frame's payload: the stream that the frame's stream is to depend on.
    private var dependency: [UInt8] = []
    private static let dependencyBytes = 4

    /// Takes the next piece of a payload. Returns whether it completes a PRIORITY frame by which a stream would depend
    /// on itself.
    mutating func findsSelfDependency(in piece: Span<UInt8>) -> Bool {
        guard header[3] == HTTP2FrameHeader.Kind.priority.rawValue, dependency.count < Self.dependencyBytes else {
            return false
        }
        dependency.append(piece.extracting(first: Self.dependencyBytes - dependency.count))
        return dependency.count == Self.dependencyBytes && Self.stream(dependency[...]) == stream
    }

    /// A stream identifier without its reserved bit.
    private static func stream(_ bytes: ArraySlice<UInt8>) -> StreamID {
        StreamID(bytes.reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF)
    }

    /// Reads the next bytes of a header. Returns the header once it is complete.
    mutating func readHeader(_ input: Span<UInt8>, at position: inout Int) -> HTTP2FrameHeader? {
        if header.count == Self.headerBytes {
            header.removeAll(keepingCapacity: true)
            dependency.removeAll(keepingCapacity: true)
        }
        while header.count < Self.headerBytes, position < input.count {
            header.append(input[position])
            position += 1
        }
        guard header.count == Self.headerBytes else { return nil }
        payloadLeft = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        return HTTP2FrameHeader(
            length: payloadLeft,
            type: header[3],
            flags: header[4],
            stream: stream
        )
    }
}

/// A frame's header (RFC 9113, 4.1).
struct HTTP2FrameHeader {
    /// The known types.
    enum Kind: UInt8 {
        case data = 0, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    /// The number of bytes of the payload.
    let length: Int
    let type: UInt8
    let flags: UInt8
    let stream: StreamID

    /// The type; nil if it is unknown.
    var kind: Kind? { Kind(rawValue: type) }
    /// The flag END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x1 != 0 }
    /// The flag ACK of SETTINGS and PING.
    var isAcknowledgement: Bool { flags & 0x1 != 0 }
}

/// The error codes of RFC 9113, 7, that this side sends.
enum HTTP2ErrorCode: UInt32 {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case streamClosed = 0x5
    case cancel = 0x8
    /// The peer causes load without useful work. It is the answer to floods.
    case enhanceYourCalm = 0xB
}
