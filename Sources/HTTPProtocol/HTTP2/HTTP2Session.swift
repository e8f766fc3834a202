import CNghttp2
import HTTPTypes

/// Owns a libnghttp2 server session and is the only place that calls it. The session calls back into the connection
/// that owns this object, unretained: it must live as long. The calls that make callbacks run
/// (``receive(_:)``, ``nextFrame()``) must not be made from one.
@safe final class HTTP2Session {
    /// Why the library gave up.
    enum Failure: Error {
        /// A callback of ours asked for it.
        case stopped
        /// One of the library's own flood limits.
        case flooded
        /// Memory, or a state that the library doesn't expect.
        case broken
    }

    private let session: OpaquePointer

    /// A session with our settings queued; nil when memory is short. `memory`: the library's allocator; its own
    /// when nil.
    init?(limits: HTTPLimits, owner: HTTP2Connection, memory: HTTP2Memory? = nil) {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks else {
            return nil
        }
        defer { unsafe nghttp2_session_callbacks_del(callbacks) }
        guard unsafe nghttp2_option_new(&options) == 0, let options = unsafe options else { return nil }
        defer { unsafe nghttp2_option_del(options) }
        unsafe HTTP2Callbacks.install(on: callbacks)
        unsafe Self.configure(options, limits: limits)
        let userData = unsafe Unmanaged.passUnretained(owner).toOpaque()
        let result: Int32
        if var allocator = unsafe memory?.allocator {
            result = unsafe nghttp2_session_server_new3(&session, callbacks, userData, options, &allocator)
        } else {
            result = unsafe nghttp2_session_server_new2(&session, callbacks, userData, options)
        }
        guard result == 0, let session = unsafe session else { return nil }
        unsafe self.session = session
        guard submitSettings(limits) else { return nil }
    }

    deinit {
        if !isAbandoned { unsafe nghttp2_session_del(session) }
    }

    /// After an allocation failed the session is neither used again nor freed: libnghttp2 1.52 then leaves a DATA
    /// item that it has freed attached to its stream, and would free it again. A leak of some kilobytes in a process
    /// that is out of memory anyway is the lesser evil.
    private var isAbandoned = false

    func abandon() {
        isAbandoned = true
    }

    private static func configure(_ options: OpaquePointer, limits: HTTPLimits) {
        // The preface was taken by the detector; SETTINGS must still come first.
        unsafe nghttp2_option_set_no_recv_client_magic(options, 1)
        // Windows are given back by our own accounting.
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_outbound_ack(options, max(1, limits.maxOutboundAcknowledgements))
        unsafe nghttp2_option_set_max_settings(options, max(1, limits.maxSettingsEntries))
        unsafe nghttp2_option_set_max_continuations(options, max(1, limits.maxContinuations))
        unsafe nghttp2_option_set_stream_reset_rate_limit(
            options,
            UInt64(max(1, limits.maxResetBurst)),
            UInt64(max(1, limits.maxResetsPerSecond))
        )
    }

    private func submitSettings(_ limits: HTTPLimits) -> Bool {
        let headerListSize = limits.maxHeaderBytes + limits.maxTargetBytes
        let isSubmitted = submitSettings([
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, min(limits.streamWindowBytes, Int(Int32.max))),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, headerListSize),
            // No priority tree of RFC 7540: it is deprecated, and was a way to make work.
            (NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ])
        guard isSubmitted,
            submitSettings([(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams)])
        else { return false }
        let window = Int32(clamping: limits.connectionWindowBytes)
        return unsafe nghttp2_session_set_local_window_size(session, noFlags, 0, window) == 0
    }

    /// SETTINGS frames of ours before the one with the limit of streams.
    static let settingsBeforeLimit = 1

    private func submitSettings(_ entries: [(nghttp2_settings_id, Int)]) -> Bool {
        let settings = entries.map { id, value in
            nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
        }
        return unsafe settings.withUnsafeBufferPointer {
            unsafe nghttp2_submit_settings(session, noFlags, $0.baseAddress, $0.count)
        } == 0
    }

    private let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)

    // MARK: Bytes

    /// Whether a call ran out of memory. Others that fail only concern a stream that is gone.
    private var isOutOfMemory = false

    private func check(_ result: Int32) {
        if result == NGHTTP2_ERR_NOMEM.rawValue { isOutOfMemory = true }
    }

    /// Reads frames; the callbacks run meanwhile.
    func receive(_ bytes: Span<UInt8>) throws(Failure) {
        guard !isOutOfMemory else { throw .broken }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        guard result < 0 else { return }
        throw Self.failure(result)
    }

    /// The next bytes to send, a frame at most; empty when there are none now.
    func nextFrame() throws(Failure) -> [UInt8] {
        guard !isOutOfMemory else { throw .broken }
        var data: UnsafePointer<UInt8>?
        let count = unsafe nghttp2_session_mem_send(session, &data)
        guard count >= 0 else { throw Self.failure(count) }
        guard count > 0, let data = unsafe data else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: data, count: count))
    }

    private static func failure(_ code: Int) -> Failure {
        switch Int32(clamping: code) {
        case NGHTTP2_ERR_CALLBACK_FAILURE.rawValue: .stopped
        case NGHTTP2_ERR_FLOODED.rawValue, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue,
            NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue:
            .flooded
        default: .broken
        }
    }

    var wantsRead: Bool { unsafe nghttp2_session_want_read(session) != 0 }
    var wantsWrite: Bool { unsafe nghttp2_session_want_write(session) != 0 }

    /// Frames that wait to be sent, DATA aside.
    var queuedFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(session) }

    // MARK: Streams

    /// Begins an answer. With a body its bytes are asked for by the data callback. False when the stream is gone.
    func submitResponse(_ block: HeaderBlock, hasBody: Bool, to id: StreamID) -> Bool {
        unsafe block.withFields { fields, count in
            guard hasBody else { return unsafe nghttp2_submit_response(session, id, fields, count, nil) }
            var provider = unsafe nghttp2_data_provider(
                source: nghttp2_data_source(),
                read_callback: HTTP2Callbacks.readBody
            )
            return unsafe nghttp2_submit_response(session, id, fields, count, &provider)
        } == 0
    }

    /// Sends 100 (Continue).
    func submitContinue(to id: StreamID) {
        check(
            unsafe HeaderBlock(status: 100).withFields { fields, count in
                unsafe nghttp2_submit_headers(session, noFlags, id, nil, fields, count, nil)
            }
        )
    }

    /// Says that a body that had run dry goes on.
    func resumeBody(of id: StreamID) {
        check(unsafe nghttp2_session_resume_data(session, id))
    }

    func reset(_ id: StreamID, _ code: HTTP2ErrorCode) {
        check(unsafe nghttp2_submit_rst_stream(session, noFlags, id, code.rawValue))
    }

    /// Whether the peer ended its side.
    func isRemoteClosed(_ id: StreamID) -> Bool {
        unsafe nghttp2_session_get_stream_remote_close(session, id) != 0
    }

    /// Gives back the connection's window for bytes that were received.
    func consumeConnection(_ count: Int) {
        check(unsafe nghttp2_session_consume_connection(session, count))
    }

    /// Gives back a stream's window.
    func consume(_ count: Int, of id: StreamID) {
        check(unsafe nghttp2_session_consume_stream(session, id, count))
    }

    // MARK: Ends

    /// GOAWAY with the highest stream number, and a PING whose answer tells that the peer has read it.
    func submitShutdownNotice() {
        check(unsafe nghttp2_submit_shutdown_notice(session))
        check(unsafe nghttp2_submit_ping(session, noFlags, nil))
    }

    /// GOAWAY with the last stream that is served; those that are open go on.
    func submitFinalGoAway() {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        check(unsafe nghttp2_submit_goaway(session, noFlags, last, HTTP2ErrorCode.noError.rawValue, nil, 0))
    }

    /// GOAWAY, and nothing more after it.
    func terminate(_ code: HTTP2ErrorCode) {
        check(unsafe nghttp2_session_terminate_session(session, code.rawValue))
    }
}
