import Batching
import Inference

/// The figures of text-embeddings-inference under its names (`te_…`), so that dashboards and autoscalers made for it
/// keep working.
final class TEIMetrics: Sendable {
    /// The kinds of requests: one input, or a list of them.
    static let methods = ["single", "batch"]
    /// The reasons for failures.
    static let failures = [
        "overloaded", "tokenization", "model_type", "validation", "batch_size", "inference", "dropped",
    ]

    /// The times of requests, or of their inputs.
    struct Durations: Sendable {
        let total = Histogram(bounds: ServiceMetrics.timeBounds)
        let tokenization = Histogram(bounds: ServiceMetrics.timeBounds)
        let queue = Histogram(bounds: ServiceMetrics.timeBounds)
        let inference = Histogram(bounds: ServiceMetrics.timeBounds)

        func observe(_ total: Duration, _ usage: Usage, times: Int) {
            self.total.observe(total, times: times)
            tokenization.observe(usage.tokenizationTime, times: times)
            queue.observe(usage.queueTime, times: times)
            inference.observe(usage.inferenceTime, times: times)
        }
    }

    /// Requests, by kind.
    let requests = Cells(count: TEIMetrics.methods.count)
    let successes = Cells(count: TEIMetrics.methods.count)
    let failed = Cells(count: TEIMetrics.failures.count)
    let durations = Durations()
    let inputLength = Histogram(bounds: ServiceMetrics.tokenBounds)
    /// Counts of inputs: of embeddings at 0, of predictions at 1.
    let inputs = Cells(count: 2)
    let embed = Durations()
    let predict = Durations()

    /// Counts a request if it is for the engine. Probes, pages and tokenization are not counted.
    func count(_ entry: AccessEntry) {
        guard let route = entry.route, route.isQueued else { return }
        let method = (entry.usage?.inputLengths.count ?? 1) > 1 ? 1 : 0
        requests.increment(method)
        guard entry.status < 400 else {
            if let reason = Self.failures.firstIndex(of: Self.reason(entry)) { failed.increment(reason) }
            return
        }
        successes.increment(method)
        guard let usage = entry.usage else { return }
        let count = usage.inputLengths.count
        durations.observe(entry.total, usage, times: 1)
        for length in usage.inputLengths { inputLength.observe(Double(length)) }
        inputs.increment(usage.isPrediction ? 1 : 0, by: count)
        (usage.isPrediction ? predict : embed).observe(entry.total, usage, times: count)
    }

    private static func reason(_ entry: AccessEntry) -> String {
        switch entry.errorKind {
        case .overloaded, .unhealthy, .timeout: "overloaded"
        case .tokenizer: "tokenization"
        case .cancelled, nil: "dropped"
        case .backend: "inference"
        default: "validation"
        }
    }
}

extension TEIMetrics {
    /// Writes all series. The counters are untyped, because Prometheus' conventions, which promtool checks, do not
    /// allow these names for counters.
    func write(to text: inout PrometheusText, _ sources: MetricsSources) {
        text.untyped("te_request_count", "Requests for inference that have ended.", byMethod(requests))
        text.untyped("te_request_success", "Requests for inference that ended with a result.", byMethod(successes))
        text.untyped(
            "te_request_failure",
            "Requests for inference that ended without a result, by reason.",
            Self.failures.enumerated().map { ([("err", $1)], failed[$0]) }
        )
        write(durations, "te_request", "request", to: &text)
        text.histogram("te_request_input_length", "Tokens of an input.", inputLength)
        for (index, (name, durations)) in [("te_embed", embed), ("te_predict", predict)].enumerated() {
            let what = index == 0 ? "embedded" : "classified"
            text.untyped("\(name)_count", "Inputs that were \(what).", [([], inputs[index])])
            text.untyped("\(name)_success", "Inputs that were \(what) with success.", [([], inputs[index])])
            write(durations, name, "request, for each of its inputs", to: &text)
        }
        text.gauge("te_queue_size", "Texts that wait for a worker.", Double(sources.scheduler.waitingSequences))
    }

    private func byMethod(_ cells: Cells) -> [(labels: PrometheusText.Labels, value: Int)] {
        Self.methods.enumerated().map { ([("method", $1)], cells[$0]) }
    }

    private func write(_ durations: Durations, _ name: String, _ what: String, to text: inout PrometheusText) {
        text.histogram("\(name)_duration", "Seconds from arrival to answer of a \(what).", durations.total)
        text.histogram("\(name)_tokenization_duration", "Seconds of tokenizing a \(what).", durations.tokenization)
        text.histogram("\(name)_queue_duration", "Seconds of waiting of a \(what).", durations.queue)
        text.histogram("\(name)_inference_duration", "Seconds of computing a \(what).", durations.inference)
    }
}
