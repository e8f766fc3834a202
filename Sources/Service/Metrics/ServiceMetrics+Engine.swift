import Batching
import HTTPProtocol
import HTTPServer

/// The figures of the scheduler and its workers.
extension ServiceMetrics {
    func writeQueue(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.gauge(
            "swiftlet_queue_texts",
            formerly: "swiftlet_queue_requests",
            "Texts that wait for a worker.",
            Double(scheduler.waitingSequences)
        )
        text.gauge("swiftlet_queue_tokens", "Tokens that wait for a worker.", Double(scheduler.waitingTokens))
        text.gauge(
            "swiftlet_queue_reserved_texts",
            formerly: "swiftlet_queue_reserved_requests",
            "Texts of large admitted requests that are not in the queue yet.",
            Double(scheduler.reservedSequences)
        )
        text.gauge("swiftlet_queue_line", "Requests that wait for admission.", Double(scheduler.requestsInLine))
        text.gauge(
            "swiftlet_queue_age_seconds",
            "How long the oldest request has waited that is still waiting or has waiting texts.",
            scheduler.oldestWait.seconds
        )
        text.gauge(
            "swiftlet_queue_estimated_wait_seconds",
            "How long a short request would wait now, by the measured speed.",
            scheduler.estimatedWait.seconds
        )
        text.histogram("swiftlet_queue_duration_seconds", "How long texts waited for a worker.", queueTime)
        let server = [
            ("memory", sources.server.overloadedRequests), ("connections", sources.server.refusedConnections),
            ("repeated", sources.server.repeatedRefusals.values.reduce(0, +)),
        ]
        text.counters(
            "swiftlet_refused_total",
            "Requests and connections refused because of too much load, by reason.",
            (RefusalReason.allCases.map { ($0.rawValue, scheduler.refusedRequests[$0] ?? 0) } + server)
                .map { ([("reason", $0)], $1) }
        )
        text.counter(
            "swiftlet_queue_cancelled_total",
            "Texts dropped before they were computed because their client had disconnected.",
            scheduler.cancelledSequences
        )
        text.counter(
            "swiftlet_queue_expired_total",
            "Texts dropped before they were computed because their request's time limit had passed.",
            scheduler.expiredSequences
        )
        text.counter(
            "swiftlet_requests_expired_total",
            "Requests whose time limit passed before their last text was computed.",
            scheduler.expiredRequests
        )
    }

    func writeCache(_ text: inout PrometheusText, _ scheduler: SchedulerStatistics) {
        text.counter(
            "swiftlet_shared_inputs_total",
            "Texts that shared the computation of an equal text in flight.",
            scheduler.sharedSequences
        )
        let cache = scheduler.cache
        text.counter("swiftlet_cache_hits_total", "Texts answered from the cache of results.", cache.hits)
        text.counter("swiftlet_cache_misses_total", "Texts that were not in the cache of results.", cache.misses)
        text.counter(
            "swiftlet_cache_evictions_total",
            "Results dropped from the cache to make space for others.",
            cache.evictions
        )
        text.gauge("swiftlet_cache_entries", "Results in the cache.", Double(cache.entries))
        text.gauge("swiftlet_cache_bytes", "Bytes that the cached results take.", Double(cache.bytes))
    }

    func writeBatches(_ text: inout PrometheusText, _ sources: MetricsSources) {
        let scheduler = sources.scheduler
        text.histogram("swiftlet_batch_texts", formerly: "swiftlet_batch_rows", "Texts in a batch.", batchTexts)
        text.histogram("swiftlet_batch_tokens", "Tokens in a batch, padding not counted.", batchTokens)
        text.histogram("swiftlet_batch_duration_seconds", "How long a batch ran.", batchDuration)
        text.gauge(
            "swiftlet_batch_token_budget",
            "Tokens that a batch may have now, so that it takes no longer than batch_latency_target.",
            Double(scheduler.batchTokenBudget)
        )
        text.gauge(
            "swiftlet_batch_seconds_per_token",
            "Seconds that one worker needs for a token, measured recently.",
            scheduler.secondsPerToken
        )
        text.gauge(
            "swiftlet_batch_fill_ratio",
            "Tokens of all batches so far as a fraction of their positions with padding.",
            tokens + padding == 0 ? 0 : Double(tokens) / Double(tokens + padding)
        )
        text.gauge(
            "swiftlet_batch_oldest_seconds",
            "How long the oldest running batch has been running.",
            scheduler.oldestBatchAge.seconds
        )
        text.counter("swiftlet_batch_failures_total", "Batches that failed as a whole.", scheduler.failedBatches)
        text.counter("swiftlet_tokens_total", "Tokens computed.", tokens)
        text.counter(
            "swiftlet_padding_tokens_total",
            "Padded positions of batches, which the engine does not compute.",
            padding
        )
        text.counter(
            "swiftlet_truncated_inputs_total",
            "Inputs cut to the longest input that the model takes.",
            truncatedInputs
        )
        text.histogram(
            "swiftlet_tokenization_duration_seconds",
            "How long the tokenization of a request took.",
            tokenizationTime
        )
        text.gauge(
            "swiftlet_token_vectors_held",
            "Token vectors held for /embed_all answers being sent.",
            Double(sources.tokenVectorsHeld)
        )
    }
}
