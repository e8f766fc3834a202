/// Writes Prometheus' text format, version 0.0.4: HELP and TYPE once for each metric, then its samples.
struct PrometheusText {
    private(set) var bytes: [UInt8] = []

    typealias Labels = [(name: String, value: String)]

    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        counters(name, help, [([], value)])
    }

    mutating func counters(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Int)]) {
        header(name, help, "counter")
        for sample in samples { line(name, sample.labels, "\(sample.value)") }
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        gauges(name, help, [([], value)])
    }

    mutating func gauges(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        header(name, help, "gauge")
        for sample in samples { line(name, sample.labels, number(sample.value)) }
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        histograms(name, help, [([], histogram)])
    }

    mutating func histograms(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Histogram)]) {
        header(name, help, "histogram")
        for sample in samples {
            let (cumulative, sum) = sample.value.snapshot()
            for (bound, count) in zip(sample.value.bounds, cumulative) {
                line("\(name)_bucket", sample.labels + [("le", number(bound))], "\(count)")
            }
            let total = "\(cumulative.last ?? 0)"
            line("\(name)_bucket", sample.labels + [("le", "+Inf")], total)
            line("\(name)_sum", sample.labels, number(sum))
            line("\(name)_count", sample.labels, total)
        }
    }

    private mutating func header(_ name: String, _ help: String, _ type: String) {
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n".utf8
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        bytes += name.utf8
        if !labels.isEmpty {
            let written = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
            bytes += "{\(written)}".utf8
        }
        bytes += " \(value)\n".utf8
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private func escaped(_ value: String) -> String {
        // By scalars: "\r\n" is one Character, and would pass for none of the three.
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
