/// The limits of one connection. Each limit closes a way in which a peer could make the process hold memory or work
/// without end. The owner of the connection adds time limits.
package struct HTTPLimits: Sendable, Hashable {
    /// Most bytes of a request's header fields, line ends included (HTTP/2: RFC 9113's field section size). More give
    /// 431. 16 KiB is twice what browsers and proxies send at their largest.
    package var maxHeaderBytes = 16 * 1024
    /// Most header fields of a request. More give 431. Small fields cost more memory than their bytes.
    package var maxHeaderFields = 100
    /// Most bytes of a request's target. More give 414. RFC 9112, 3, asks for at least 8000.
    package var maxTargetBytes = 8 * 1024
    /// Most bytes of a request's body, chunk framing not counted. More give 413. A thousand texts of 8 KB fit.
    package var maxBodyBytes = 8 * 1024 * 1024
    /// Most bytes of chunk extensions in one body, all chunks together. More give 400. They are read and dropped, so
    /// they must not outweigh the body; no client is known to send any.
    package var maxChunkExtensionBytes = 4 * 1024
    /// Most bytes that are kept of requests pipelined behind the one in work. Above this number the socket is no longer
    /// read.
    package var maxPipelinedBytes = 64 * 1024
    /// A streamed answer continues only when fewer bytes than this wait to be written; in HTTP/1.1, the next pipelined
    /// request also starts only then. So for a peer that reads slowly, at most this many bytes and one piece are held.
    package var responseLowWaterBytes = 64 * 1024

    /// Most HTTP/2 streams that may be open at once (SETTINGS_MAX_CONCURRENT_STREAMS). More are refused.
    package var maxConcurrentStreams = 128
    /// HTTP/2's receive window of each stream: the bytes of a body that may arrive before we account for them. The
    /// process must be able to hold all windows at once: 128 streams of 64 KiB are 8 MiB.
    package var streamWindowBytes = 64 * 1024
    /// HTTP/2's receive window of the connection: the bytes that may be on their way to us.
    package var connectionWindowBytes = 1024 * 1024
    /// Most bytes of request bodies, being read or in work, at which an HTTP/2 connection still gives more window to
    /// all its streams. Above this number only the oldest stream that is being read gets more, so that one body is
    /// completed and memory stays bounded.
    package var maxConnectionBodyBytes = 16 * 1024 * 1024
    /// Most frames that cost the peer nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, empty DATA,
    /// unknown) and that an HTTP/2 peer may send beyond what its requests earn; see ``FloodGuard``. More give GOAWAY.
    package var maxIdleFrames = 1000
    /// Most RST_STREAM frames that an HTTP/2 peer may send in a burst (libnghttp2's token bucket). More give GOAWAY.
    package var maxResetBurst = 500
    /// Most RST_STREAM frames a second that an HTTP/2 peer may send all the time. A client sends one when a request
    /// times out, which is rarely more often than this on one connection. The "rapid reset" attack sends nothing else
    /// (CVE-2023-44487).
    package var maxResetsPerSecond = 100
    /// Most CONTINUATION frames that may follow a HEADERS frame. More give GOAWAY. A head of the largest allowed size
    /// fits in two.
    package var maxContinuations = 8
    /// Most entries of a SETTINGS frame. More give GOAWAY. RFC 9113 defines six.
    package var maxSettingsEntries = 32
    /// Most SETTINGS and PING acknowledgements that may wait to be written. More give GOAWAY.
    package var maxOutboundAcknowledgements = 100

    /// Makes limits with the defaults. The reason for each default stands at its property.
    package init() {}
}
