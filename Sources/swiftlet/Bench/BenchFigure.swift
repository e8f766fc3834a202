import JSON

/// The measurement of one piece of work.
struct BenchFigure: Sendable, Equatable {
    /// A setting that may differ between runs that are compared: dtype, backend, threads.
    struct Setting: Sendable, Equatable {
        var name: String
        var value: Value

        enum Value: Sendable, Equatable {
            case text(String)
            case number(Int)
        }
    }

    /// The shape's name, or the kind of work: `texts`, `tokenizer`, `json`.
    var shape: String
    var settings: [Setting]
    /// The number of texts in one run.
    var texts: Int
    /// The number of tokens; nil if there are none.
    var tokens: Int?
    /// The number of bytes read or written; nil if that number is of no interest.
    var bytes: Int?
    /// The median of the runs' seconds.
    var seconds: Double

    /// The figure as one line of JSON Lines.
    var jsonLine: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("shape")
            writer.string(shape)
            for setting in settings {
                writer.key(setting.name)
                switch setting.value {
                case .text(let text): writer.string(text)
                case .number(let number): writer.integer(number)
                }
            }
            writer.key("texts")
            writer.integer(texts)
            if let tokens {
                writer.key("tokens")
                writer.integer(tokens)
            }
            if let bytes {
                writer.key("bytes")
                writer.integer(bytes)
            }
            writer.key("seconds")
            writer.number(seconds)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// The rows of a table of figures, aligned, its heading first.
    static func table(_ figures: [BenchFigure]) -> [String] {
        guard let first = figures.first else { return [] }
        let settings = first.settings.map { setting in
            switch setting.value {
            case .text(let text): "\(setting.name) \(text)"
            case .number(let number): "\(setting.name) \(number)"
            }
        }
        let heading = ["shape", "texts", "tokens", "ms", "texts/s", "tokens/s", "MB/s"]
        let rows = figures.map { figure in
            [
                figure.shape, "\(figure.texts)", figure.tokens.map { "\($0)" } ?? "",
                Decimals.fixed(figure.seconds * 1000, digits: figure.seconds < 0.1 ? 3 : 1),
                figure.rate(figure.texts), figure.tokens.map { figure.rate($0) } ?? "",
                figure.bytes.map { Decimals.fixed(Double($0) / figure.seconds / 1e6, digits: 1) } ?? "",
            ]
        }
        // Columns without any figure are left out.
        let shown = heading.indices.filter { column in rows.contains { !$0[column].isEmpty } }
        let cells = ([heading] + rows).map { row in shown.map { row[$0] } }
        let title = settings.isEmpty ? [] : [settings.joined(separator: ", ")]
        return title + Columns.aligned(cells, alignedRight: Set(1..<shown.count))
    }

    private func rate(_ count: Int) -> String {
        let perSecond = Double(count) / seconds
        return Decimals.fixed(perSecond, digits: perSecond < 100 ? 1 : 0)
    }
}

/// Measures the time of a piece of work: repeats it as often as fits a budget, and takes the median.
struct Repetition: Sendable {
    /// The time for a figure, in seconds. The run in which this time ends is the last one.
    var budget = 1.5
    /// The most runs. More runs do not make the median more stable.
    var mostRuns = 999

    /// The median of the seconds that `work` took. The caller warms up caches and buffers before.
    func median(of work: () throws -> Void) rethrows -> Double {
        var times: [Double] = []
        var total = 0.0
        while times.isEmpty || (total < budget && times.count < mostRuns) {
            let seconds = try Self.time(work)
            times.append(seconds)
            total += seconds
        }
        return Self.median(times)
    }

    /// Never inlined: scripts/count-instructions counts the instructions inside it.
    @inline(never)
    static func time(_ work: () throws -> Void) rethrows -> Double {
        let started = ContinuousClock.now
        try work()
        return started.duration(to: .now) / .seconds(1)
    }

    /// The middle value, or the mean of the two middle ones; 0 for none.
    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
