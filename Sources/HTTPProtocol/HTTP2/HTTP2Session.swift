import CNghttp2
import HTTPTypes

/// Owns a libnghttp2 server session. Only this type and its callbacks call the library. The session calls back into
/// the connection that owns this object. It does not retain the connection, which must live as long as the session. A
/// callback must not call ``receive(_:)`` or ``nextFrame()``, which run the callbacks.
@safe final class HTTP2Session {
    /// The reason why the library gave up.
    enum Failure: Error {
        /// One of our callbacks asked for the end.
        case stopped
        /// The peer exceeded one of the library's own flood limits.
        case flooded
        /// Memory was short, or the library met a state that it does not expect.
        case broken
    }

    private let session: OpaquePointer

    /// Makes a session with our settings queued; nil when memory is short. `memory` is the allocator for the library;
    /// nil for the library's own.
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

    /// Whether an allocation failed. The session is then neither used nor freed, because libnghttp2 1.52 leaves a freed
    /// DATA item attached to its stream and would free it again. A leak of some kilobytes is the lesser harm in a
    /// process that is out of memory anyway.
    private var isAbandoned = false

    func abandon() {
        isAbandoned = true
    }

    private static func configure(_ options: OpaquePointer, limits: HTTPLimits) {
        // PrefaceDetector has taken the preface; SETTINGS must still come first.
        unsafe nghttp2_option_set_no_recv_client_magic(options, 1)
        // Our own code gives windows back.
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
            // This switches off the priority tree of RFC 7540, which is deprecated and let clients cause work.
            (NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ])
        guard isSubmitted,
            submitSettings([(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams)])
        else { return false }
        let window = Int32(clamping: limits.connectionWindowBytes)
        return unsafe nghttp2_session_set_local_window_size(session, noFlags, 0, window) == 0
    }

    /// The number of our SETTINGS frames before the one with the limit of streams.
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

    /// Whether a call ran out of memory. All other failures only concern a stream that is gone.
    private var isOutOfMemory = false

    private func check(_ result: Int32) {
        if result == NGHTTP2_ERR_NOMEM.rawValue { isOutOfMemory = true }
    }

    /// Reads frames. The callbacks run during the call.
    func receive(_ bytes: Span<UInt8>) throws(Failure) {
        guard !isOutOfMemory else { throw .broken }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        guard result < 0 else { return }
        throw Self.failure(result)
    }

    /// The next bytes to send, at most one frame; empty when there are none now.
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

    /// The number of frames that wait to be sent, without DATA.
    var queuedFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(session) }

    // MARK: Streams

    /// Begins an answer. If it has a body, the data callback asks for the bytes. Returns false when the stream is gone.
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

    /// Tells the library that a body has bytes again, after the library has asked for some in vain.
    func resumeBody(of id: StreamID) {
        check(unsafe nghttp2_session_resume_data(session, id))
    }

    func reset(_ id: StreamID, _ code: HTTP2ErrorCode) {
        check(unsafe nghttp2_submit_rst_stream(session, noFlags, id, code.rawValue))
    }

    /// Whether the peer has ended its side of the stream.
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

    /// Sends GOAWAY with the highest stream number, and a PING. The answer to the PING shows that the peer has read the
    /// GOAWAY.
    func submitShutdownNotice() {
        check(unsafe nghttp2_submit_shutdown_notice(session))
        check(unsafe nghttp2_submit_ping(session, noFlags, nil))
    }

    /// Sends GOAWAY with the last stream that is served. Open streams go on.
    func submitFinalGoAway() {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        check(unsafe nghttp2_submit_goaway(session, noFlags, last, HTTP2ErrorCode.noError.rawValue, nil, 0))
    }

    /// Sends GOAWAY and ends the session.
    func terminate(_ code: HTTP2ErrorCode) {
        check(unsafe nghttp2_session_terminate_session(session, code.rawValue))
    }
}

/// An allocator for libnghttp2 in place of its own. Tests use it to make each allocation fail in turn.
@safe struct HTTP2Memory {
    let allocator: nghttp2_mem

    /// Wraps an allocator. The functions and user data of `allocator` must outlive the session.
    @unsafe init(_ allocator: nghttp2_mem) {
        unsafe self.allocator = unsafe allocator
    }
}
