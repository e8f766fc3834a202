/// Finds the frames' headers in what is read (RFC 9113, 4.1), so that each can be judged before the library sees it:
/// the library calls nobody for frames that it skips, and those can make a flood too.
struct FrameScanner {
    static let headerBytes = 9

    /// The header that is being read, or was read last.
    private(set) var header: [UInt8] = []
    /// Bytes of the frame's payload that are still to come.
    var payloadLeft = 0

    /// Reads on in a header; the header when it is complete.
    mutating func readHeader(_ input: Span<UInt8>, at position: inout Int) -> HTTP2FrameHeader? {
        if header.count == Self.headerBytes { header.removeAll(keepingCapacity: true) }
        while header.count < Self.headerBytes, position < input.count {
            header.append(input[position])
            position += 1
        }
        guard header.count == Self.headerBytes else { return nil }
        payloadLeft = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        let stream = header[5...].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        return HTTP2FrameHeader(type: header[3], flags: header[4], stream: StreamID(stream))
    }
}
