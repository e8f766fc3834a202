import JSON

/// What was measured of one piece of work.
struct BenchFigure: Sendable, Equatable {
    /// What tells runs apart that are compared with each other: dtype, back end, threads.
    struct Setting: Sendable, Equatable {
        var name: String
        var value: Value

        enum Value: Sendable, Equatable {
            case text(String)
            case number(Int)
        }
    }

    /// The shape's name, or what was worked on: `texts`, `tokenizer`, `json`.
    var shape: String
    var settings: [Setting]
    /// Texts worked on in one run.
    var texts: Int
    /// Tokens, or nil where there are none.
    var tokens: Int?
    /// Bytes read or written, or nil where that says nothing.
    var bytes: Int?
    /// The median of the runs' seconds.
    var seconds: Double

    /// One line of JSON Lines.
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
        // A column in which nobody has a figure is left out.
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
