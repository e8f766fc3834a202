import Batching
import Budget
import Encoder
import HTTPProtocol
import HTTPServer
import Host

/// The figures that /metrics shows in addition to the service's own counts.
struct MetricsSources {
    var scheduler = SchedulerStatistics()
    var tokenVectorsHeld = 0
    var server = HTTPServerStatistics()
    var memory = MemoryBudget(limit: 0)
    var process = ProcessStatistics()
    var isStarted = false
    var isReady = false
    var isLive = true
    var engineAnswers = false
    var logLinesDropped = 0
    var workers = 0
    var modelName = ""
    /// The description of the engine; nil until there is a model.
    var engine: EngineDescription?
    var version = ""
}

extension ServiceMetrics {
    /// The page of /metrics. Every series is there from the start, at zero, except two kinds that appear with their
    /// first value: a route's durations, and its statuses that are not in ``watchedStatuses``.
    func text(_ sources: MetricsSources) -> [UInt8] {
        var text = PrometheusText()
        writeRequests(&text)
        writeQueue(&text, sources)
        writeCache(&text, sources.scheduler)
        writeBatches(&text, sources)
        writeHealth(&text, sources)
        writeConnections(&text, sources.server)
        writeServer(&text, sources.server)
        writeMemory(&text, sources.memory)
        writeProcess(&text, sources)
        tei.write(to: &text, sources)
        text.histogram("te_batch_next_size", "Texts in a batch.", batchTexts)
        text.histogram("te_batch_next_tokens", "Tokens in a batch.", batchTokens)
        return text.bytes
    }

    private func writeRequests(_ text: inout PrometheusText) {
        let routes = Array(routeNames.enumerated())
        text.counters(
            "swiftlet_http_requests_total",
            "Requests answered, by route and status.",
            routes.flatMap { row, name in
                Self.statuses.enumerated().compactMap { column, status in
                    let count = requestCount(row: row, column: column)
                    guard count > 0 || Self.watchedStatuses.contains(status) else { return nil }
                    return ([("route", name), ("status", "\(status)")], count)
                }
            }
        )
        text.histograms(
            "swiftlet_http_request_duration_seconds",
            "Time from a request's last byte until its answer is handed to the network, for routes that compute.",
            routes.filter { workRouteNames.contains($0.element) }.flatMap { row, name in
                zip(Self.statusClasses, requestDurations[row]).compactMap { status, durations in
                    durations.isEmpty ? nil : (labels: [("route", name), ("status", status)], value: durations)
                }
            }
        )
        text.histogram(
            "swiftlet_http_request_unread_seconds",
            "Time that requests waited, complete, until the event loop read them. It counts against their deadlines.",
            unreadTime
        )
        text.gauges(
            "swiftlet_http_requests_in_flight",
            "Requests being worked on, by route.",
            routes.map { row, name in ([("route", name)], Double(inFlight[row])) }
        )
    }

    private func writeHealth(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.gauge("swiftlet_started", "1 once the model is loaded, as /health/startup.", sources.isStarted ? 1 : 0)
        text.gauge("swiftlet_ready", "1 while the service takes requests, as /health/ready.", sources.isReady ? 1 : 0)
        text.gauge("swiftlet_live", "0 if only a restart helps, as /health/live.", sources.isLive ? 1 : 0)
        text.gauge("swiftlet_engine_up", "1 while the engine answers.", sources.engineAnswers ? 1 : 0)
        text.gauge("swiftlet_workers", "Engine workers as configured.", Double(sources.workers))
        text.gauge("swiftlet_workers_live", "Engine workers that exist now.", Double(scheduler.liveWorkers))
        text.gauge("swiftlet_workers_busy", "Engine workers that run a batch.", Double(scheduler.busyWorkers))
        text.counter(
            "swiftlet_workers_replaced_total",
            "Engine workers replaced because they were stuck or failed again and again.",
            scheduler.replacedWorkers
        )
        text.counter(
            "swiftlet_workers_lost_total",
            "Stuck engine workers that were not replaced.",
            scheduler.lostWorkers
        )
        text.counter(
            "swiftlet_log_lines_dropped_total",
            "Log lines dropped because standard error was not read fast enough.",
            sources.logLinesDropped
        )
    }

    private func writeProcess(_ text: inout PrometheusText, _ sources: MetricsSources) {
        text.gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            Double(sources.process.residentBytes)
        )
        text.gauge(
            "process_virtual_memory_bytes",
            "Virtual memory.",
            Double(sources.process.virtualBytes)
        )
        text.counter("process_cpu_seconds_total", "CPU time, of user and system.", sources.process.cpuSeconds)
        text.gauge("process_max_fds", "Limit of open file descriptors.", Double(sources.process.maxDescriptors))
        text.gauge("process_open_fds", "Open file descriptors.", Double(sources.process.openDescriptors))
        text.gauge("process_threads", "Threads.", Double(sources.process.threads))
        text.gauge(
            "process_start_time_seconds",
            "Start, in seconds since 1970.",
            sources.process.startTime
        )
        text.gauges(
            "swiftlet_build_info",
            "Always 1; version and model are the labels.",
            [([("version", sources.version), ("model", sources.modelName)], 1)]
        )
        text.gauges(
            "swiftlet_engine_info",
            "Always 1; the labels name dtype, backend and kernels, and are empty until a model is loaded.",
            [
                (
                    [
                        ("dtype", sources.engine?.dataType ?? ""), ("backend", sources.engine?.backend ?? ""),
                        ("kernels", sources.engine?.kernels.joined(separator: " ") ?? ""),
                    ], 1
                )
            ]
        )
    }
}

/// The HTTP server's figures.
extension ServiceMetrics {
    private func writeConnections(_ text: inout PrometheusText, _ server: HTTPServerStatistics) {
        text.gauge("swiftlet_connections_open", "Open connections.", Double(server.openConnections))
        text.gauge(
            "swiftlet_connections_max",
            "Most connections that may be open: max_connections, or what follows from memory and descriptors.",
            Double(server.connectionLimit)
        )
        text.gauge(
            "swiftlet_connections_reserved",
            "Open connections beyond the most, held until their first request has come.",
            Double(server.reservedConnections)
        )
        text.gauge("swiftlet_http2_streams_open", "HTTP/2 requests in work.", Double(server.openHTTP2Streams))
        text.counter("swiftlet_connections_accepted_total", "Connections accepted.", server.acceptedConnections)
        text.counters(
            "swiftlet_connections_refused_total",
            "Connections whose work was refused, by what was short.",
            Shortage.allCases.map { ([("reason", $0.rawValue)], server.refusals[$0] ?? 0) }
        )
        text.counters(
            "swiftlet_connections_evicted_total",
            "Idle connections closed to make room for new ones, by what was short.",
            Shortage.allCases.filter { $0 != .address }.map { ([("reason", $0.rawValue)], server.evictions[$0] ?? 0) }
        )
    }

    private func writeMemory(_ text: inout PrometheusText, _ memory: MemoryBudget) {
        text.gauge("swiftlet_memory_budget_bytes", "Bytes that requests may hold together.", Double(memory.limit))
        text.gauges(
            "swiftlet_memory_held_bytes",
            "Bytes that requests hold, by stage.",
            MemoryBudget.Stage.allCases.map { ([("stage", "\($0)")], Double(memory.held(for: $0))) }
        )
        text.counters(
            "swiftlet_memory_refusals_total",
            "Requests refused because the memory budget had too little left, by stage.",
            MemoryBudget.Stage.allCases.map { ([("stage", "\($0)")], memory.refusals(of: $0)) }
        )
    }

    func writeServer(_ text: inout PrometheusText, _ server: HTTPServerStatistics) {
        text.gauge(
            "swiftlet_event_loop_lag_seconds",
            "The longest time that bytes waited until an event loop read them, in the last 10 to 20 seconds.",
            server.readLag.seconds
        )
        text.counters(
            "swiftlet_http_requests_shed_total",
            "Requests refused as an equal one was a moment before, without being parsed or logged, by reason.",
            RepeatableRefusal.Reason.allCases.map { ([("reason", $0.rawValue)], server.repeatedRefusals[$0] ?? 0) }
        )
        text.counter("swiftlet_tls_handshakes_total", "TLS handshakes done.", server.tlsHandshakes)
        text.counter(
            "swiftlet_tls_handshake_failures_total",
            "TLS handshakes that failed or took too long, and plain HTTP on the TLS port.",
            server.tlsFailures
        )
        text.gauge(
            "swiftlet_tls_certificate_expiry_timestamp_seconds",
            "When the certificate expires, in seconds since 1970; 0 without TLS.",
            Double(server.certificateExpiry)
        )
        text.counter("swiftlet_http_received_bytes_total", "Bytes read from clients.", server.bytesReceived)
        text.counter("swiftlet_http_sent_bytes_total", "Bytes written to clients.", server.bytesSent)
        text.gauge(
            "swiftlet_http_outbound_bytes",
            "Bytes of answers that clients have not read yet.",
            Double(server.outboundBytes)
        )
        text.gauge(
            "swiftlet_http_inbound_bytes",
            "Bytes of request bodies held.",
            Double(server.inboundBytes)
        )
        text.counter(
            "swiftlet_http_requests_cancelled_total",
            "Requests whose client disconnected before the answer.",
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
