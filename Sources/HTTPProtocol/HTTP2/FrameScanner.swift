/// Finds the frames' headers in what is read (RFC 9113, 4.1), so that each can be judged before the library sees it:
/// the library calls nobody for frames that it skips, and those can make a flood too.
struct FrameScanner {
    static let headerBytes = 9

    /// The header that is being read, or was read last.
    private(set) var header: [UInt8] = []
    /// Bytes of the frame's payload that are still to come.
    var payloadLeft = 0
    /// The stream of that header, which must be complete.
    var stream: StreamID { Self.stream(header[5...]) }

    /// The first bytes of the payload: in a PRIORITY frame the stream that it makes its own depend on.
    private var dependency: [UInt8] = []
    private static let dependencyBytes = 4

    /// Notes the next piece of a payload; whether it completes a PRIORITY frame's dependency on its own stream.
    mutating func findsSelfDependency(in piece: Span<UInt8>) -> Bool {
        guard header[3] == HTTP2FrameHeader.Kind.priority.rawValue, dependency.count < Self.dependencyBytes else {
            return false
        }
        dependency.append(piece.extracting(first: Self.dependencyBytes - dependency.count))
        return dependency.count == Self.dependencyBytes && Self.stream(dependency[...]) == stream
    }

    /// A stream identifier, its reserved bit left out.
    private static func stream(_ bytes: ArraySlice<UInt8>) -> StreamID {
        StreamID(bytes.reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF)
    }

    /// Reads on in a header; the header when it is complete.
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
