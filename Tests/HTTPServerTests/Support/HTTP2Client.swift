import Foundation

/// One frame (RFC 9113, 4.1).
struct HTTP2Frame: Equatable {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    var kind: Kind
    var flags: UInt8 = 0
    var stream: Int32 = 0
    var payload: [UInt8] = []

    static let endStream: UInt8 = 0x1
    static let acknowledgement: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4

    /// A number in four bytes, for resets, windows and the last stream of a GOAWAY.
    static func number(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    /// The number in the payload's first four bytes.
    var number: UInt32 {
        payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// An HTTP/2 client that sends exactly the frames it is given, and shows every frame that it receives.
final class HTTP2Client: Sendable {
    let connection: RawClient

    /// - Parameter initialWindow: The bytes of each answer that the server may send before it gets more window.
    init(port: Int, initialWindow: UInt32 = 65_535) throws {
        connection = try RawClient(port: port)
        connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        send(HTTP2Frame(kind: .settings, payload: [0, 4] + HTTP2Frame.number(initialWindow)))
    }

    func send(_ frame: HTTP2Frame) {
        let count = frame.payload.count
        let head = [
            UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), frame.kind.rawValue, frame.flags,
        ]
        connection.send(head + HTTP2Frame.number(UInt32(frame.stream)) + frame.payload)
    }

    /// GET / on a stream; the fields are entries of HPACK's static table, and a literal authority.
    func get(_ stream: Int32) {
        let authority: [UInt8] = [0x41, 4] + Array("test".utf8)
        let flags = HTTP2Frame.endStream | HTTP2Frame.endHeaders
        send(HTTP2Frame(kind: .headers, flags: flags, stream: stream, payload: [0x82, 0x86, 0x84] + authority))
    }

    func reset(_ stream: Int32) {
        send(HTTP2Frame(kind: .reset, stream: stream, payload: HTTP2Frame.number(8)))
    }

    func openWindow(_ stream: Int32, by bytes: UInt32) {
        send(HTTP2Frame(kind: .windowUpdate, stream: stream, payload: HTTP2Frame.number(bytes)))
    }

    /// The next frame that is not SETTINGS or WINDOW_UPDATE; nil at the end. SETTINGS and PING are acknowledged.
    func next() throws -> HTTP2Frame? {
        while let frame = try nextOfAll() {
            let isOwn = frame.flags & HTTP2Frame.acknowledgement == 0
            switch frame.kind {
            case .settings:
                if isOwn { send(HTTP2Frame(kind: .settings, flags: HTTP2Frame.acknowledgement)) }
            case .ping:
                guard isOwn else { return frame }
                send(HTTP2Frame(kind: .ping, flags: HTTP2Frame.acknowledgement, payload: frame.payload))
            case .windowUpdate:
                continue
            default:
                return frame
            }
        }
        return nil
    }

    /// The frames up to and including the first of a kind (on a stream, if given).
    func frames(through kind: HTTP2Frame.Kind, stream: Int32? = nil) throws -> [HTTP2Frame] {
        var frames: [HTTP2Frame] = []
        while let frame = try next() {
            frames.append(frame)
            if frame.kind == kind, stream == nil || stream == frame.stream { break }
        }
        return frames
    }

    private func nextOfAll() throws -> HTTP2Frame? {
        guard let head = try connection.bytes(9) else { return nil }
        let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        let stream = head[5...8].reduce(0) { $0 << 8 | UInt32($1) }
        guard let kind = HTTP2Frame.Kind(rawValue: head[3]), let payload = try connection.bytes(count) else {
            return nil
        }
        return HTTP2Frame(kind: kind, flags: head[4], stream: Int32(stream & 0x7FFF_FFFF), payload: payload)
    }
}
