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
    var isStarted = false
    var isReady = false
    var isLive = true
    var engineAnswers = false
    var logLinesDropped = 0
    var workers = 0
    var modelName = ""
    /// Nil until there is a model.
    var engine: EngineDescription?
    var version = ""
}

extension ServiceMetrics {
    /// The page of /metrics. Every series is there from the start, at zero, but for a route's durations, which appear
    /// with the first, and its statuses that are not ``watchedStatuses``.
    func text(_ sources: MetricsSources) -> [UInt8] {
        var text = PrometheusText()
        writeRequests(&text)
        writeQueue(&text, sources)
        writeCache(&text, sources.scheduler)
        writeBatches(&text, sources)
        writeHealth(&text, sources)
        writeServer(&text, sources.server)
        writeProcess(&text, sources)
        tei.write(to: &text, sources)
        text.histogram("te_batch_next_size", "Texts in a batch.", batchRows)
        text.histogram("te_batch_next_tokens", "Tokens in a batch.", batchTokens)
        return text.bytes
    }

    private func writeRequests(_ text: inout PrometheusText) {
        let routes = Array(Self.routeNames.enumerated())
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
            "From a request's last byte until its answer is handed to the network, of routes that are work.",
            routes.filter { Self.workRouteNames.contains($0.element) }.flatMap { row, name in
                zip(Self.statusClasses, requestDurations[row]).compactMap { status, durations in
                    durations.isEmpty ? nil : (labels: [("route", name), ("status", status)], value: durations)
                }
            }
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
        text.gauge("swiftlet_ready", "1 while new requests are welcome, as /health/ready.", sources.isReady ? 1 : 0)
        text.gauge("swiftlet_live", "0 when only a restart helps, as /health/live.", sources.isLive ? 1 : 0)
        text.gauge("swiftlet_engine_up", "1 while the engine answers.", sources.engineAnswers ? 1 : 0)
        text.gauge("swiftlet_workers", "Engine workers that there shall be.", Double(sources.workers))
        text.gauge("swiftlet_workers_live", "Engine workers that there are.", Double(scheduler.liveWorkers))
        text.gauge("swiftlet_workers_busy", "Engine workers that run a batch.", Double(scheduler.busyWorkers))
        text.counter(
            "swiftlet_workers_replaced_total",
            "Engine workers replaced because they did not come back, or failed time after time.",
            scheduler.replacedWorkers
        )
        text.counter(
            "swiftlet_workers_lost_total",
            "Engine workers that did not come back and were not replaced any more.",
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
