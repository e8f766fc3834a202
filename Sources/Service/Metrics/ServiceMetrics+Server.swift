import HTTPProtocol
import HTTPServer

/// What the HTTP server counts.
extension ServiceMetrics {
    func writeServer(_ text: inout PrometheusText, _ server: HTTPServerStatistics) {
        text.gauge("swiftlet_connections_open", "Open connections.", Double(server.openConnections))
        text.gauge("swiftlet_http2_streams_open", "HTTP/2 requests in work.", Double(server.openHTTP2Streams))
        text.counter("swiftlet_connections_accepted_total", "Connections served.", server.acceptedConnections)
        text.counter("swiftlet_connections_refused_total", "Connections refused.", server.refusedConnections)
        text.counter("swiftlet_tls_handshakes_total", "TLS handshakes done.", server.tlsHandshakes)
        text.counter(
            "swiftlet_tls_handshake_failures_total",
            "TLS handshakes that failed or took too long, and plain HTTP on the port of TLS.",
            server.tlsFailures
        )
        text.gauge(
            "swiftlet_tls_certificate_expiry_timestamp_seconds",
            "When the certificate ends, in seconds since 1970; 0 without TLS.",
            Double(server.certificateExpiry)
        )
        text.counter("swiftlet_http_received_bytes_total", "Bytes read from clients.", server.bytesReceived)
        text.counter("swiftlet_http_sent_bytes_total", "Bytes written to clients.", server.bytesSent)
        text.gauge(
            "swiftlet_http_outbound_bytes",
            "Bytes of answers that wait to be read.",
            Double(server.outboundBytes)
        )
        text.gauge("swiftlet_http_inbound_bytes", "Bytes of request bodies held.", Double(server.inboundBytes))
        text.counter(
            "swiftlet_http_requests_cancelled_total",
            "Requests whose client went before the answer.",
            server.cancelledRequests
        )
        text.counters(
            "swiftlet_http_timeouts_total",
            "Connections and streams cut by a time limit.",
            TimeLimit.allCases.map { ([("limit", $0.rawValue)], server.timeouts[$0] ?? 0) }
        )
        text.counters(
            "swiftlet_http_protocol_errors_total",
            "Requests that broke the protocol, by kind.",
            ProtocolErrorKind.allCases.map { ([("kind", $0.rawValue)], server.protocolErrors[$0] ?? 0) }
        )
    }
}
