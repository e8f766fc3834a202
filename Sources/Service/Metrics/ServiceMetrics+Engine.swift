import Batching
import HTTPServer

/// What the scheduler and its workers do.
extension ServiceMetrics {
    func writeQueue(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.gauge("swiftlet_queue_requests", "Texts that wait for a worker.", Double(scheduler.waitingRows))
        text.gauge("swiftlet_queue_tokens", "Tokens that wait for a worker.", Double(scheduler.waitingTokens))
        text.gauge(
            "swiftlet_queue_reserved_requests",
            "Texts of large requests that were taken in and are not in the queue yet.",
            Double(scheduler.reservedRows)
        )
        text.gauge("swiftlet_queue_line", "Requests that wait to be taken in.", Double(scheduler.requestsInLine))
        text.gauge(
            "swiftlet_queue_age_seconds",
            "Since the oldest request came that waits or has texts that wait.",
            scheduler.oldestWait.seconds
        )
        text.gauge(
            "swiftlet_queue_estimated_wait_seconds",
            "How long a short request would wait now, as measured.",
            scheduler.estimatedWait.seconds
        )
        text.histogram("swiftlet_queue_duration_seconds", "How long texts waited for a worker.", queueTime)
        let server = [
            ("memory", sources.server.overloadedRequests), ("connections", sources.server.refusedConnections),
        ]
        text.counters(
            "swiftlet_refused_total",
            "Requests, and connections, that were refused because there is too much to do, by reason.",
            (RefusalReason.allCases.map { ($0.rawValue, scheduler.refusedRequests[$0] ?? 0) } + server)
                .map { ([("reason", $0)], $1) }
        )
        text.counter(
            "swiftlet_queue_cancelled_total",
            "Texts dropped before compute because their client had gone.",
            scheduler.cancelledRows
        )
        text.counter(
            "swiftlet_queue_expired_total",
            "Texts dropped before compute because their request's time was up.",
            scheduler.expiredRows
        )
        text.counter(
            "swiftlet_requests_expired_total",
            "Requests whose time was up before their last text was computed.",
            scheduler.expiredRequests
        )
    }

    func writeCache(_ text: inout PrometheusText, _ scheduler: SchedulerStatistics) {
        text.counter(
            "swiftlet_shared_inputs_total",
            "Texts that shared the computation of an equal text in flight.",
            scheduler.sharedRows
        )
        let cache = scheduler.cache
        text.counter("swiftlet_cache_hits_total", "Texts answered from the cache of results.", cache.hits)
        text.counter("swiftlet_cache_misses_total", "Texts that were not in it.", cache.misses)
        text.counter("swiftlet_cache_evictions_total", "Results that made way for others.", cache.evictions)
        text.gauge("swiftlet_cache_entries", "Results in the cache.", Double(cache.entries))
        text.gauge("swiftlet_cache_bytes", "What they take.", Double(cache.bytes))
    }

    func writeBatches(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.histogram("swiftlet_batch_rows", "Texts in a batch.", batchRows)
        text.histogram("swiftlet_batch_tokens", "Tokens in a batch, padding not counted.", batchTokens)
        text.histogram("swiftlet_batch_duration_seconds", "How long a batch ran.", batchDuration)
        text.gauge(
            "swiftlet_batch_token_budget",
            "Tokens that make a batch now, for it to take no longer than batch_latency_target.",
            Double(scheduler.batchTokenBudget)
        )
        text.gauge(
            "swiftlet_batch_seconds_per_token",
            "Measured time of one worker for a token, of late.",
            scheduler.secondsPerToken
        )
        text.gauge(
            "swiftlet_batch_fill_ratio",
            "Tokens of all batches so far, as a share of the positions that padding would make of them.",
            tokens + padding == 0 ? 0 : Double(tokens) / Double(tokens + padding)
        )
        text.gauge(
            "swiftlet_batch_oldest_seconds",
            "How long the oldest batch that runs now has been running.",
            scheduler.oldestBatchAge.seconds
        )
        text.counter("swiftlet_batch_failures_total", "Batches that failed as a whole.", scheduler.failedBatches)
        text.counter("swiftlet_tokens_total", "Tokens computed.", tokens)
        text.counter(
            "swiftlet_padding_tokens_total",
            "Padded positions of batches, which the engine does not compute.",
            padding
        )
        text.counter("swiftlet_truncated_inputs_total", "Inputs cut to the model's length.", truncatedInputs)
        text.histogram("swiftlet_tokenization_duration_seconds", "Tokenizing one request.", tokenizationTime)
        text.gauge(
            "swiftlet_token_vectors_held",
            "Token vectors held for /embed_all answers being sent.",
            Double(sources.tokenVectorsHeld)
        )
    }
}
