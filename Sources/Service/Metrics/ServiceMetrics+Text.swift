import Batching
import Encoder
import HTTPProtocol
import HTTPServer

/// What /metrics shows beside the service's own counts.
struct MetricsSources {
    var scheduler = SchedulerStatistics()
    var tokenVectorsHeld = 0
    var server = HTTPServerStatistics()
    var process = ProcessStatistics()
    var isReady = false
    var engineAnswers = false
    var workers = 0
    var modelName = ""
    /// Nil until there is a model.
    var engine: EngineDescription?
    var version = ""
}

extension ServiceMetrics {
    /// The page of /metrics. Every series is there from the start, at zero.
    func text(_ sources: MetricsSources) -> [UInt8] {
        var text = PrometheusText()
        writeRequests(&text)
        writeEngine(&text, sources)
        writeServer(&text, sources.server)
        writeProcess(&text, sources)
        return text.bytes
    }

    private func writeRequests(_ text: inout PrometheusText) {
        let routes = Array(Self.routeNames.enumerated())
        text.counters(
            "swiftlet_http_requests_total",
            "Requests answered, by route and status.",
            routes.flatMap { row, name in
                Self.statuses.enumerated().map { column, status in
                    ([("route", name), ("status", "\(status)")], requestCount(row: row, column: column))
                }
            }
        )
        text.histograms(
            "swiftlet_http_request_duration_seconds",
            "From a request's last byte to its answer's first.",
            routes.map { row, name in ([("route", name)], requestDurations[row]) }
        )
        text.gauges(
            "swiftlet_http_requests_in_flight",
            "Requests being worked on, by route.",
            routes.map { row, name in ([("route", name)], Double(inFlight[row])) }
        )
    }

    private func writeEngine(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.gauge("swiftlet_queue_requests", "Texts that wait for a worker.", Double(scheduler.waitingRows))
        text.gauge("swiftlet_queue_tokens", "Tokens that wait for a worker.", Double(scheduler.waitingTokens))
        text.histogram("swiftlet_queue_duration_seconds", "How long texts waited for a worker.", queueTime)
        text.counter(
            "swiftlet_queue_refused_total",
            "Requests refused because the queue was full.",
            scheduler.refusedSubmissions
        )
        text.counter(
            "swiftlet_queue_cancelled_total",
            "Texts dropped before compute because their client had gone.",
            scheduler.cancelledRows
        )
        text.histogram("swiftlet_batch_rows", "Texts in a batch.", batchRows)
        text.histogram("swiftlet_batch_tokens", "Tokens in a batch, padding not counted.", batchTokens)
        text.histogram("swiftlet_batch_duration_seconds", "How long a batch ran.", batchDuration)
        text.counter("swiftlet_batch_failures_total", "Batches that failed as a whole.", scheduler.failedBatches)
        text.counter("swiftlet_tokens_total", "Tokens computed.", tokens)
        text.counter(
            "swiftlet_padding_tokens_total",
            "Padded positions of batches, which the engine does not compute.",
            padding
        )
        text.counter("swiftlet_truncated_inputs_total", "Inputs cut to the model's length.", truncatedInputs)
        text.histogram("swiftlet_tokenization_duration_seconds", "Tokenizing one request.", tokenizationTime)
        text.gauge("swiftlet_workers", "Engine workers.", Double(sources.workers))
        text.gauge("swiftlet_workers_busy", "Engine workers that run a batch.", Double(scheduler.busyWorkers))
        text.gauge(
            "swiftlet_batch_oldest_seconds",
            "How long the oldest batch that runs now has been running.",
            scheduler.oldestBatchAge.seconds
        )
        text.gauge(
            "swiftlet_token_vectors_held",
            "Token vectors held for /embed_all answers being sent.",
            Double(sources.tokenVectorsHeld)
        )
        text.gauge("swiftlet_ready", "1 while new requests are welcome.", sources.isReady ? 1 : 0)
        text.gauge("swiftlet_engine_up", "1 while the engine answers.", sources.engineAnswers ? 1 : 0)
    }

    private func writeServer(_ text: inout PrometheusText, _ server: HTTPServerStatistics) {
        text.gauge("swiftlet_connections_open", "Open connections.", Double(server.openConnections))
        text.counter("swiftlet_connections_accepted_total", "Connections served.", server.acceptedConnections)
        text.counter("swiftlet_connections_refused_total", "Connections refused.", server.refusedConnections)
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
        text.counter(
            "swiftlet_http_requests_overloaded_total",
            "Requests refused because answers or bodies fill the memory.",
            server.overloadedRequests
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

    private func writeProcess(_ text: inout PrometheusText, _ sources: MetricsSources) {
        text.gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            Double(sources.process.residentBytes)
        )
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
            "Always 1; the labels say what computes, and are empty until there is a model.",
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
