/// Writes Prometheus' text format, version 0.0.4: HELP and TYPE once for each metric, then its samples.
struct PrometheusText {
    private(set) var bytes: [UInt8] = []

    typealias Labels = [(name: String, value: String)]

    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        counters(name, help, [([], value)])
    }

    mutating func counter(_ name: String, _ help: String, _ value: Double) {
        header(name, help, "counter")
        line(name, [], number(value))
    }

    mutating func counters(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Int)]) {
        header(name, help, "counter")
        for sample in samples { line(name, sample.labels, "\(sample.value)") }
    }

    mutating func untyped(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Int)]) {
        header(name, help, "untyped")
        for sample in samples { line(name, sample.labels, "\(sample.value)") }
    }

    /// - Parameter formerName: Name of the series in earlier releases, under which it is written too.
    mutating func gauge(_ name: String, formerly formerName: String? = nil, _ help: String, _ value: Double) {
        gauges(name, help, [([], value)])
        if let formerName { gauge(formerName, Self.help(ofFormer: name), value) }
    }

    mutating func gauges(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        header(name, help, "gauge")
        for sample in samples { line(name, sample.labels, number(sample.value)) }
    }

    /// - Parameter formerName: Name of the series in earlier releases, under which it is written too.
    mutating func histogram(
        _ name: String,
        formerly formerName: String? = nil,
        _ help: String,
        _ histogram: Histogram
    ) {
        histograms(name, help, [([], histogram)])
        if let formerName { self.histogram(formerName, Self.help(ofFormer: name), histogram) }
    }

    private static func help(ofFormer name: String) -> String {
        "Deprecated, in this release only: the former name of \(name)."
    }

    mutating func histograms(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Histogram)]) {
        header(name, help, "histogram")
        let bounds = (samples.first?.value.bounds.map(number) ?? []) + ["+Inf"]
        let (bucket, suffixes) = ("\(name)_bucket", bounds.map { "le=\"\($0)\"} " })
        for sample in samples {
            let (cumulative, sum) = sample.value.snapshot()
            let labels = written(sample.labels)
            let opening = labels.isEmpty ? "{" : "{\(labels),"
            for (suffix, count) in zip(suffixes, cumulative) {
                append(bucket, opening, suffix, "\(count)", "\n")
            }
            line("\(name)_sum", sample.labels, number(sum))
            line("\(name)_count", sample.labels, "\(cumulative.last ?? 0)")
        }
    }

    private mutating func header(_ name: String, _ help: String, _ type: String) {
        append("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n")
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        append(name)
        if !labels.isEmpty { append("{", written(labels), "}") }
        append(" ", value, "\n")
    }

    /// The page has thousands of lines and is written on an event loop. So the pieces are appended directly to the
    /// page, without an intermediate string.
    private mutating func append(_ pieces: String...) {
        for piece in pieces { bytes += piece.utf8 }
    }

    private func written(_ labels: Labels) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private func escaped(_ value: String) -> String {
        // The loop goes by scalars, because "\r\n" is one Character, which would match none of the three cases.
        value.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
