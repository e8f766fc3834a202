import CNghttp2

/// libnghttp2's callbacks. Each finds the connection in its user data and passes plain values to it. Only this code
/// reads the library's pointers, which are valid during the call only.
enum HTTP2Callbacks {
    private static let success: Int32 = 0
    /// The callback result that ends the session. ``HTTP2Connection`` knows the reason.
    private static let stop = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    /// The callback result that resets the stream.
    private static let refuse = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue

    static func install(on callbacks: OpaquePointer) {
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameReceived)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalidFrameReceived)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, headersBegin)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, fieldReceived)
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalidFieldReceived)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, dataReceived)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent)
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, frameNotSent)
    }

    private static func connection(_ userData: UnsafeMutableRawPointer?) -> HTTP2Connection? {
        guard let userData = unsafe userData else { return nil }
        return unsafe Unmanaged<HTTP2Connection>.fromOpaque(userData).takeUnretainedValue()
    }

    private static func header(_ header: nghttp2_frame_hd) -> HTTP2FrameHeader {
        HTTP2FrameHeader(length: header.length, type: header.type, flags: header.flags, stream: header.stream_id)
    }

    /// Whether a HEADERS frame opens a stream; otherwise it has trailers.
    private static func isRequest(_ frame: UnsafePointer<nghttp2_frame>) -> Bool {
        unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    }

    // MARK: Receiving

    private static let frameReceived: nghttp2_on_frame_recv_callback = { _, frame, userData in
        guard let frame = unsafe frame, let connection = unsafe connection(userData) else { return stop }
        connection.frameReceived(unsafe header(frame.pointee.hd))
        return success
    }

    private static let invalidFrameReceived: nghttp2_on_invalid_frame_recv_callback = { _, _, _, userData in
        guard let connection = unsafe connection(userData) else { return stop }
        connection.invalidFrameReceived()
        return success
    }

    private static let headersBegin: nghttp2_on_begin_headers_callback = { _, frame, userData in
        guard let frame = unsafe frame, let connection = unsafe connection(userData) else { return stop }
        if unsafe isRequest(frame) { connection.requestBegins(unsafe frame.pointee.hd.stream_id) }
        return success
    }

    private static let fieldReceived: nghttp2_on_header_callback = {
        _,
        frame,
        name,
        nameCount,
        value,
        valueCount,
        _,
        userData in
        guard let frame = unsafe frame, let name = unsafe name, let value = unsafe value,
            let connection = unsafe connection(userData)
        else { return stop }
        let goesOn = connection.fieldReceived(
            name: unsafe Span(_unsafeStart: name, count: nameCount),
            value: unsafe Span(_unsafeStart: value, count: valueCount),
            on: unsafe frame.pointee.hd.stream_id
        )
        return goesOn ? success : stop
    }

    /// Refuses a request with an invalid field. Without this callback the library would drop the field and go on, but
    /// by RFC 9113, 8.1.1, the request is malformed.
    private static let invalidFieldReceived: nghttp2_on_invalid_header_callback = { _, frame, _, _, _, _, _, userData in
        guard let frame = unsafe frame, let connection = unsafe connection(userData) else { return stop }
        connection.invalidFieldReceived(on: unsafe frame.pointee.hd.stream_id)
        return refuse
    }

    private static let dataReceived: nghttp2_on_data_chunk_recv_callback = { _, _, id, data, count, userData in
        guard let data = unsafe data, let connection = unsafe connection(userData) else { return stop }
        connection.dataReceived(unsafe Span(_unsafeStart: data, count: count), on: id)
        return success
    }

    private static let streamClosed: nghttp2_on_stream_close_callback = { _, id, _, userData in
        guard let connection = unsafe connection(userData) else { return stop }
        connection.streamClosed(id)
        return success
    }

    // MARK: Sending

    private static let frameSent: nghttp2_on_frame_send_callback = { _, frame, userData in
        guard let frame = unsafe frame, let connection = unsafe connection(userData) else { return stop }
        let header = unsafe header(frame.pointee.hd)
        connection.frameSent(header, goAwayCode: header.kind == .goAway ? unsafe frame.pointee.goaway.error_code : 0)
        return success
    }

    private static let frameNotSent: nghttp2_on_frame_not_send_callback = { _, frame, _, userData in
        guard let frame = unsafe frame, let connection = unsafe connection(userData) else { return stop }
        connection.frameNotSent(unsafe header(frame.pointee.hd))
        return success
    }

    /// Fills a DATA frame with a stream's next bytes.
    static let readBody: nghttp2_data_source_read_callback = { _, id, buffer, capacity, flags, _, userData in
        guard let buffer = unsafe buffer, let flags = unsafe flags, let connection = unsafe connection(userData),
            let piece = connection.nextPiece(of: id, atMost: capacity)
        else { return Int(refuse) }
        guard piece.isLast || !piece.bytes.isEmpty else { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
        unsafe piece.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe buffer.update(from: base, count: min(bytes.count, capacity))
        }
        if piece.isLast { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return piece.bytes.count
    }
}
