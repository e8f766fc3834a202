/// Frames made and read by hand (RFC 9113, 4.1), for bytes that a well-behaved client session cannot send.
enum HTTP2Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settings = frame(4)
    /// The preface and an empty SETTINGS frame.
    static let start = preface + settings

    /// A header block by HPACK's static table: :method GET, :scheme http, :path /, :authority a.
    static let getFields: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]
    /// The header block `getFields` with :method POST.
    static let postFields: [UInt8] = [0x83, 0x86, 0x84, 0x41, 0x01, 0x61]

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags] + bytes(stream)
            + payload
    }

    static func bytes(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    static func data(_ stream: UInt32, _ payload: [UInt8] = [], ends: Bool = false) -> [UInt8] {
        frame(0, flags: ends ? 1 : 0, stream: stream, payload)
    }

    static func headers(_ stream: UInt32, _ block: [UInt8] = getFields, ends: Bool = true, isWhole: Bool = true)
        -> [UInt8]
    {
        frame(1, flags: (ends ? 1 : 0) | (isWhole ? 4 : 0), stream: stream, block)
    }

    static func reset(_ stream: UInt32, code: UInt32 = 8) -> [UInt8] { frame(3, stream: stream, bytes(code)) }
    static func ping(isAcknowledgement: Bool = false) -> [UInt8] {
        frame(6, flags: isAcknowledgement ? 1 : 0, [0, 0, 0, 0, 0, 0, 0, 0])
    }
    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(8, stream: stream, bytes(increment))
    }
    static func setting(_ id: UInt8, _ value: UInt32) -> [UInt8] { frame(4, [0, id] + bytes(value)) }

    /// A literal field without indexing. Name and value must be shorter than 127 bytes.
    static func field(_ name: String, _ value: String) -> [UInt8] {
        [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    struct Frame: Equatable {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        /// The error code of RST_STREAM or GOAWAY.
        var errorCode: UInt32? {
            switch type {
            case 3: HTTP2Frames.number(payload[0...])
            case 7: HTTP2Frames.number(payload[4...])
            default: nil
            }
        }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    /// Splits a server's output into frames.
    static func parse(_ output: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = output[...]
        while rest.count >= 9 {
            let start = rest.startIndex
            let length = Int(rest[start]) << 16 | Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            guard rest.count >= 9 + length else { break }
            let payload = Array(rest[(start + 9)..<(start + 9 + length)])
            let stream = number(rest[(start + 5)...])
            frames.append(Frame(type: rest[start + 3], flags: rest[start + 4], stream: stream, payload: payload))
            rest = rest[(start + 9 + length)...]
        }
        return frames
    }
}

extension TestServer {
    var frames: [HTTP2Frames.Frame] { HTTP2Frames.parse(output) }
    /// The code of the GOAWAY that ended the connection.
    var goAwayCode: UInt32? { frames.last { $0.type == 7 }?.errorCode }
    /// The codes of the streams that were reset.
    var resets: [UInt32: UInt32] {
        frames.reduce(into: [:]) { if $1.type == 3 { $0[$1.stream] = $1.errorCode } }
    }
}
