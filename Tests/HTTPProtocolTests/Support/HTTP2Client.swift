import CNghttp2
import HTTPProtocol

/// An HTTP/2 client: libnghttp2's client session, connected to a server under test without sockets.
final class HTTP2Client {
    struct Answer {
        var informational: [String] = []
        var status = ""
        var fields: [String: String] = [:]
        var body: [UInt8] = []
        /// The code with which the stream was closed.
        var closeCode: UInt32?
    }

    let server: TestServer
    private(set) var answers: [Int32: Answer] = [:]
    private(set) var goAways: [(last: Int32, code: UInt32)] = []
    private var bodies: [Int32: (bytes: [UInt8], sent: Int, ends: Bool)] = [:]
    private var session: OpaquePointer?
    private var toServer: [UInt8] = []
    private var givenToClient = 0

    init(_ server: TestServer, initialWindow: UInt32? = nil, givesWindow: Bool = true) {
        self.server = server
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_option_new(&options)
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(options)
        }
        nghttp2_option_set_no_auto_window_update(options, givesWindow ? 0 : 1)
        Self.install(on: callbacks)
        let userData = Unmanaged.passUnretained(self).toOpaque()
        nghttp2_session_client_new2(&session, callbacks, userData, options)
        let entry = nghttp2_settings_entry(
            settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
            value: initialWindow ?? 65_535
        )
        withUnsafePointer(to: entry) { _ = nghttp2_submit_settings(session, 0, $0, initialWindow == nil ? 0 : 1) }
    }

    deinit {
        nghttp2_session_del(session)
    }

    /// Submits a request. If `body` is nil, the request ends with its head.
    @discardableResult
    func request(
        _ method: String = "GET",
        _ path: String = "/",
        fields: [(String, String)] = [],
        body: [UInt8]? = nil,
        endsBody: Bool = true
    ) -> Int32 {
        let all = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path)] + fields
        var flat: [[UInt8]] = all.flatMap { [Array($0.0.utf8), Array($0.1.utf8)] }
        flat.indices.forEach { flat[$0].append(0) }
        let pointers = flat.map { bytes in
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
            copy.initialize(from: bytes, count: bytes.count)
            return copy
        }
        defer { pointers.forEach { $0.deallocate() } }
        let nv = stride(from: 0, to: flat.count, by: 2).map { index in
            nghttp2_nv(
                name: pointers[index],
                value: pointers[index + 1],
                namelen: flat[index].count - 1,
                valuelen: flat[index + 1].count - 1,
                flags: 0
            )
        }
        guard let body else { return nghttp2_submit_request(session, nil, nv, nv.count, nil, nil) }
        var provider = nghttp2_data_provider(source: nghttp2_data_source(), read_callback: Self.readBody)
        let id = nghttp2_submit_request(session, nil, nv, nv.count, &provider, nil)
        bodies[id] = (body, 0, endsBody)
        return id
    }

    func reset(_ id: Int32) {
        nghttp2_submit_rst_stream(session, 0, id, NGHTTP2_CANCEL.rawValue)
    }

    /// Continues a body that was left open.
    func continueBody(_ id: Int32, _ bytes: [UInt8], ends: Bool) {
        bodies[id]?.bytes += bytes
        bodies[id]?.ends = ends
        nghttp2_session_resume_data(session, id)
    }

    /// Opens the windows of the stream and of the connection.
    func openWindow(_ id: Int32, _ count: Int32) {
        nghttp2_submit_window_update(session, 0, id, count)
        nghttp2_submit_window_update(session, 0, 0, count)
    }

    /// Exchanges bytes in both directions until neither side has any.
    func exchange(takesOutput: Bool = true) {
        while true {
            var isQuiet = true
            while true {
                var data: UnsafePointer<UInt8>?
                let count = nghttp2_session_mem_send(session, &data)
                guard count > 0, let data else { break }
                isQuiet = false
                server.connection.receive(Span(_unsafeStart: data, count: count))
                server.settle(takesOutput: takesOutput)
            }
            server.settle(takesOutput: takesOutput)
            let fresh = Array(server.output[givenToClient...])
            if !fresh.isEmpty {
                isQuiet = false
                givenToClient = server.output.count
                nghttp2_session_mem_recv(session, fresh, fresh.count)
            }
            if isQuiet { return }
        }
    }

    // MARK: Callbacks

    private static func client(_ userData: UnsafeMutableRawPointer?) -> HTTP2Client? {
        userData.map { Unmanaged<HTTP2Client>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let readBody: nghttp2_data_source_read_callback = { _, id, buffer, capacity, flags, _, userData in
        guard let client = client(userData), let buffer, var body = client.bodies[id] else { return 0 }
        let count = min(capacity, body.bytes.count - body.sent)
        for index in 0..<count { buffer[index] = body.bytes[body.sent + index] }
        body.sent += count
        client.bodies[id] = body
        guard body.sent == body.bytes.count else { return count }
        if body.ends {
            flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return count
        }
        return count > 0 ? count : Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }

    private static func install(on callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_header_callback(callbacks, onField)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
    }

    private static let onField: nghttp2_on_header_callback = {
        _,
        frame,
        name,
        nameCount,
        value,
        valueCount,
        _,
        userData in
        guard let client = client(userData), let frame else { return 0 }
        let name = String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self)
        let value = String(decoding: UnsafeBufferPointer(start: value, count: valueCount), as: UTF8.self)
        var answer = client.answers[frame.pointee.hd.stream_id] ?? Answer()
        if name == ":status", value.hasPrefix("1") {
            answer.informational.append(value)
        } else if name == ":status" {
            answer.status = value
        } else {
            answer.fields[name] = value
        }
        client.answers[frame.pointee.hd.stream_id] = answer
        return 0
    }

    private static let onData: nghttp2_on_data_chunk_recv_callback = { _, _, id, data, count, userData in
        client(userData)?.answers[id, default: Answer()].body += Array(UnsafeBufferPointer(start: data, count: count))
        return 0
    }

    private static let onClose: nghttp2_on_stream_close_callback = { _, id, code, userData in
        client(userData)?.answers[id, default: Answer()].closeCode = code
        return 0
    }

    private static let onFrame: nghttp2_on_frame_recv_callback = { _, frame, userData in
        guard let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_GOAWAY.rawValue else { return 0 }
        client(userData)?.goAways.append((frame.pointee.goaway.last_stream_id, frame.pointee.goaway.error_code))
        return 0
    }
}
