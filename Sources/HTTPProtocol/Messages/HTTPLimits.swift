/// What one connection may ask of this process. Each limit closes a way in which a peer could make the process hold
/// memory or work without end; the owner adds the limits in time.
package struct HTTPLimits: Sendable, Hashable {
    /// Bytes of a request's header fields, line ends included (HTTP/2: RFC 9113's field section size). Over it: 431.
    /// 16 KiB is twice what browsers and proxies send at their largest.
    package var maxHeaderBytes = 16 * 1024
    /// Header fields of a request. Over it: 431. Small fields cost more memory than their bytes.
    package var maxHeaderFields = 100
    /// Bytes of a request's target. Over it: 414. RFC 9112, 3, asks for at least 8000.
    package var maxTargetBytes = 8 * 1024
    /// Bytes of a request's body, chunk framing not counted. Over it: 413. A thousand texts of 8 KB fit.
    package var maxBodyBytes = 8 * 1024 * 1024
    /// Bytes of chunk extensions in one body, all chunks together. Over it: 400. They are read and dropped, so
    /// they must not outweigh the body; no client is known to send any.
    package var maxChunkExtensionBytes = 4 * 1024
    /// Bytes that are kept of requests pipelined behind the one in work. Over it the socket is no longer read.
    package var maxPipelinedBytes = 64 * 1024
    /// A streamed answer goes on when fewer bytes than this wait to be written; in HTTP/1.1 the next pipelined
    /// request too is taken up only then. So a peer that reads slowly holds no more than this and one piece.
    package var responseLowWaterBytes = 64 * 1024

    /// HTTP/2 streams that may be open at once (SETTINGS_MAX_CONCURRENT_STREAMS). More are refused.
    package var maxConcurrentStreams = 128
    /// HTTP/2's receive window of each stream: the bytes of a body that may arrive before we account for them. The
    /// process must be able to hold all windows at once: 128 streams of 64 KiB are 8 MiB.
    package var streamWindowBytes = 64 * 1024
    /// HTTP/2's receive window of the connection: the bytes that may be on their way to us.
    package var connectionWindowBytes = 1024 * 1024
    /// Bytes of bodies, being read or in work, up to which an HTTP/2 connection's streams all get more window;
    /// above it only the oldest one that is being read, so that one body is completed and memory stays bounded.
    package var maxConnectionBodyBytes = 16 * 1024 * 1024
    /// Frames that cost the peer nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, empty DATA, unknown)
    /// which an HTTP/2 connection may send ahead of its work; see ``FloodGuard``. Over it: GOAWAY.
    package var maxIdleFrames = 1000
    /// RST_STREAM frames that an HTTP/2 peer may send in a burst (libnghttp2's token bucket). Over it: GOAWAY.
    package var maxResetBurst = 500
    /// RST_STREAM frames a second that an HTTP/2 peer may keep up. Clients give up requests when they time out,
    /// rarely more often than this on one connection; the "rapid reset" attack sends nothing else (CVE-2023-44487).
    package var maxResetsPerSecond = 100
    /// CONTINUATION frames that may follow a HEADERS frame. Over it: GOAWAY. The head's own limit fits in two.
    package var maxContinuations = 8
    /// Entries of a SETTINGS frame. Over it: GOAWAY. RFC 9113 knows six.
    package var maxSettingsEntries = 32
    /// SETTINGS and PING acknowledgements that may wait to be written. Over it: GOAWAY.
    package var maxOutboundAcknowledgements = 100

    /// The defaults, each with its reason at the member.
    package init() {}
}
