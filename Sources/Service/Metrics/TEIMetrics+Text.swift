import Batching

extension TEIMetrics {
    /// Writes all series. The counters are untyped: Prometheus' conventions, which promtool checks, let no counter have
    /// these names.
    func write(to text: inout PrometheusText, _ sources: MetricsSources) {
        text.untyped("te_request_count", "Requests for inference that have ended.", byMethod(requests))
        text.untyped("te_request_success", "Those with a result.", byMethod(successes))
        text.untyped(
            "te_request_failure",
            "Those without, by reason.",
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
        text.gauge("te_queue_size", "Texts that wait for a worker.", Double(sources.scheduler.waitingRows))
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
