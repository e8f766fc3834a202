/// What text-embeddings-inference counts, under its names (`te_…`), so that dashboards and autoscalers made for it go
/// on working.
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

    /// By method.
    let requests = Cells(count: TEIMetrics.methods.count)
    let successes = Cells(count: TEIMetrics.methods.count)
    let failed = Cells(count: TEIMetrics.failures.count)
    let durations = Durations()
    let inputLength = Histogram(bounds: ServiceMetrics.tokenBounds)
    /// Inputs, of embeddings at 0 and of predictions at 1.
    let inputs = Cells(count: 2)
    let embed = Durations()
    let predict = Durations()

    /// Counts a request for the engine; probes, pages and tokenization are none.
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
