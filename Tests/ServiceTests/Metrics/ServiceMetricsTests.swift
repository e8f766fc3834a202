import Batching
import Encoder
import Foundation
import JSON
import LinearAlgebra
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("Metrics")
struct ServiceMetricsTests {
    private func lines(_ metrics: ServiceMetrics) -> [String] {
        String(decoding: metrics.text(MetricsSources()), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("the series of alerts are there before the first request, at zero")
    func zeroes() {
        let metrics = ServiceMetrics()
        let lines = lines(metrics)
        for name in metrics.routeNames {
            for status in [200, 424, 429, 500, 503, 504] {
                #expect(lines.contains(#"swiftlet_http_requests_total{route="\#(name)",status="\#(status)"} 0"#))
            }
        }
        for name in [
            "swiftlet_queue_texts", "swiftlet_queue_tokens", "swiftlet_batch_texts_count",
            "swiftlet_batch_oldest_seconds", "swiftlet_token_vectors_held",
        ] {
            #expect(lines.contains("\(name) 0"))
        }
    }

    @Test("a route's durations and its rarer statuses take no room until there are some")
    func appearing() throws {
        let metrics = ServiceMetrics()
        #expect(metrics.text(MetricsSources()).count < 64 << 10)
        let durations = "swiftlet_http_request_duration_seconds_count{"
        let rare = #"swiftlet_http_requests_total{route="/embed",status="422"}"#
        #expect(!lines(metrics).contains { $0.hasPrefix(durations) || $0.hasPrefix(rare) })
        let embed = try #require(RouteTable.service.find("/embed")?.entries.first?.route.label)
        metrics.finished(AccessEntry(route: embed, status: 422, total: .seconds(60)))
        let shown = lines(metrics).filter { $0.hasPrefix(durations) || $0.hasPrefix(rare) }
        #expect(Set(shown) == ["\(rare) 1", #"\#(durations)route="/embed",status="4xx"} 1"#])
    }

    @Test("each metric of ours is explained in docs/operations.md")
    func documentation() throws {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let page = try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8)
        for line in lines(ServiceMetrics()) where line.hasPrefix("# TYPE swiftlet_") {
            let name = line.split(separator: " ")[2]
            let isNamed = page.firstRange(of: "`\(name)`") != nil || page.firstRange(of: "`\(name){") != nil
            #expect(isNamed, "\(name)")
        }
    }

    @Test("text-embeddings-inference's metrics count requests, inputs and failures as it does")
    func teiNames() throws {
        let metrics = ServiceMetrics()
        let embed = try #require(RouteTable.service.find("/embed")?.entries.first?.route.label)
        let health = try #require(RouteTable.service.find("/health")?.entries.first?.route.label)
        let two = Usage(tokens: 30, inputLengths: [10, 20], queueTime: .milliseconds(3))
        let one = Usage(tokens: 10, inputLengths: [10], isPrediction: true)
        metrics.finished(AccessEntry(route: embed, status: 200, total: .milliseconds(8), usage: two))
        metrics.finished(AccessEntry(route: embed, status: 200, total: .milliseconds(8), usage: one))
        metrics.finished(AccessEntry(route: embed, status: 429, errorKind: .overloaded))
        metrics.finished(AccessEntry(route: embed, status: 422, errorKind: .validation))
        metrics.finished(AccessEntry(route: embed, status: 499))
        metrics.finished(AccessEntry(route: health, status: 503, errorKind: .unhealthy))
        let lines = lines(metrics)
        for expected in [
            #"te_request_count{method="single"} 4"#, #"te_request_count{method="batch"} 1"#,
            #"te_request_success{method="single"} 1"#, #"te_request_success{method="batch"} 1"#,
            #"te_request_failure{err="overloaded"} 1"#, #"te_request_failure{err="validation"} 1"#,
            #"te_request_failure{err="dropped"} 1"#, #"te_request_failure{err="inference"} 0"#,
            "te_embed_count 2", "te_predict_count 1", "te_embed_queue_duration_count 2",
            "te_request_duration_count 2", "te_request_input_length_sum 40", "te_queue_size 0",
            "te_batch_next_size_count 0",
        ] { #expect(lines.contains(expected), "\(expected)") }
    }

    @Test("a series that was renamed is written under its former name too, whose HELP names the new one")
    func formerNames() {
        var sources = MetricsSources()
        sources.scheduler.waitingSequences = 3
        sources.scheduler.reservedSequences = 5
        let lines = String(decoding: ServiceMetrics().text(sources), as: UTF8.self).split(separator: "\n").map(
            String.init
        )
        for (name, former, sample) in [
            ("swiftlet_queue_texts", "swiftlet_queue_requests", " 3"),
            ("swiftlet_queue_reserved_texts", "swiftlet_queue_reserved_requests", " 5"),
            ("swiftlet_batch_texts", "swiftlet_batch_rows", "_count 0"),
        ] {
            #expect(lines.contains(name + sample))
            #expect(lines.contains(former + sample))
            let help = "# HELP \(former) Deprecated, in this release only: the former name of \(name)."
            #expect(lines.contains(help))
        }
    }

    @Test("the labels of the engine are empty until there is a model")
    func noEngine() {
        #expect(lines(ServiceMetrics()).contains(#"swiftlet_engine_info{dtype="",backend="",kernels=""} 1"#))
    }

    @Test("names the backend and the kernels in /info and /metrics", arguments: DataType.allCases)
    func description(dtype: DataType) async throws {
        let inference = InferenceService(
            model: try LoadedModel(
                directory: ModelFolder.bundled,
                engine: ComputeOptions(dataType: dtype, backend: .scalar)
            ),
            configuration: .patient(workers: 1)
        )
        var writer = JSONWriter()
        inference.writeInfo(&writer)
        guard case .object(let info) = try JSONParser.parse(writer.bytes) else { return #expect(Bool(false)) }
        #expect(info["model_dtype"] == .string(dtype.rawValue))
        #expect(info["backend"] == .string("scalar"))
        guard case .array(let kernels)? = info["kernels"] else { return #expect(Bool(false)) }
        #expect(!kernels.isEmpty)
        var sources = MetricsSources()
        sources.engine = inference.model.encoder.engine
        let metrics = String(decoding: ServiceMetrics().text(sources), as: UTF8.self)
        #expect(metrics.contains(#"swiftlet_engine_info{dtype="\#(dtype.rawValue)",backend="scalar",kernels=""#))
        await inference.shutDown()
    }

    @Test("each metric has one HELP and one TYPE, before its samples")
    func headers() {
        var described: Set<String> = []
        var current = ""
        for line in lines(ServiceMetrics()) {
            if line.hasPrefix("# HELP ") {
                current = String(line.split(separator: " ")[2])
                #expect(described.insert(current).inserted, "\(current) twice")
            } else if !line.hasPrefix("#") {
                #expect(line.hasPrefix(current), "\(line) under \(current)")
            }
        }
    }

    @Test("answers and batches are counted in the right series")
    func counting() throws {
        let metrics = ServiceMetrics()
        let embed = try #require(RouteTable.service.find("/embed")?.entries.first?.route.label)
        metrics.finished(AccessEntry(route: embed, status: 200, total: .milliseconds(3)))
        metrics.finished(AccessEntry(route: embed, status: 418, total: .milliseconds(3)))
        metrics.finished(AccessEntry(route: nil, status: 404))
        metrics.batchFinished(
            BatchReport(
                sequences: 3,
                tokens: 100,
                padding: 20,
                duration: .milliseconds(40),
                queueTimes: [.zero, .zero, .seconds(60)],
                failed: false
            )
        )
        let lines = lines(metrics)
        for expected in [
            #"swiftlet_http_requests_total{route="/embed",status="200"} 1"#,
            #"swiftlet_http_requests_total{route="/embed",status="500"} 1"#,
            #"swiftlet_http_requests_total{route="other",status="404"} 1"#,
            #"swiftlet_http_request_duration_seconds_bucket{route="/embed",status="2xx",le="0.0025"} 0"#,
            #"swiftlet_http_request_duration_seconds_bucket{route="/embed",status="2xx",le="0.005"} 1"#,
            #"swiftlet_http_request_duration_seconds_bucket{route="/embed",status="4xx",le="0.005"} 1"#,
            #"swiftlet_batch_texts_bucket{le="4"} 1"#, #"swiftlet_batch_rows_bucket{le="4"} 1"#,
            "swiftlet_batch_tokens_sum 100",
            #"swiftlet_queue_duration_seconds_bucket{le="30"} 2"#,
            #"swiftlet_queue_duration_seconds_bucket{le="+Inf"} 3"#,
            "swiftlet_padding_tokens_total 20",
        ] { #expect(lines.contains(expected), "\(expected)") }
    }

    @Test("a histogram counts every observation once, from many threads")
    func concurrency() async {
        let histogram = Histogram(bounds: [1, 2, 4])
        await withTaskGroup(of: Void.self) { group in
            for i in 0..<8 { group.addTask { for j in 0..<1000 { histogram.observe(Double((i + j) % 5)) } } }
        }
        let (cumulative, sum) = histogram.snapshot()
        #expect(cumulative == [3200, 4800, 8000, 8000])
        #expect(sum == 16_000)
    }

    @Test("a label's value stays within its quotation marks and its line")
    func labels() {
        var sources = MetricsSources()
        sources.modelName = "a\r\nb\n\"c\"\\"
        let text = String(decoding: ServiceMetrics().text(sources), as: UTF8.self)
        #expect(text.contains("model=\"a\r\\nb\\n\\\"c\\\"\\\\\"} 1\n"))
    }
}
