import JSON
import Training

extension Calibration {
    /// What stands above ``lines``.
    static let heading = "Held-out predictions by their score:"

    /// The temperature and the errors, as names and values for people.
    var rows: [[String]] {
        let error = Self.percent(before.expectedCalibrationError)
        guard let value = temperature.value, let after else {
            return [["temperature", "none: \(reason)"], ["calibration error", error]]
        }
        let (loss, other) = (Decimals.fixed(before.loss, digits: 4), Decimals.fixed(after.loss, digits: 4))
        return [
            ["temperature", "\(Decimals.significant(value)) (log loss \(loss), with it \(other))"],
            ["calibration error", "\(error), with the temperature \(Self.percent(after.expectedCalibrationError))"],
        ]
    }

    private static func percent(_ fraction: Double) -> String { Decimals.fixed(100 * fraction, digits: 2) + " %" }

    /// Why there is no temperature.
    private var reason: String {
        switch temperature {
        case .found: ""
        case .allRight: "all held-out texts are right, so none is best; hold out more texts"
        case .noBetterThanChance: "the scores of the held-out texts are no better than chance"
        }
    }

    /// The reliability tables side by side, for people, without empty bins.
    var lines: [String] {
        let tables = [before] + (after.map { [$0] } ?? [])
        let header =
            ["score"] + tables.indices.flatMap { [$0 == 0 ? "predictions" : "calibrated", "mean score", "right"] }
        let rows = before.bins.indices.filter { index in tables.contains { $0.bins[index].count > 0 } }.map { index in
            let bin = before.bins[index]
            return ["\(Decimals.fixed(bin.lower, digits: 2)) to \(Decimals.fixed(bin.upper, digits: 2))"]
                + tables.flatMap { table in
                    let bin = table.bins[index]
                    guard bin.count > 0 else { return ["0", "", ""] }
                    return [
                        "\(bin.count)", Decimals.fixed(bin.confidence, digits: 4),
                        Decimals.fixed(bin.accuracy, digits: 4),
                    ]
                }
        }
        return Columns.aligned([header] + rows, alignedRight: Set(1..<header.count))
    }

    /// Writes the member `calibration`.
    func write(to writer: inout JSONWriter) {
        writer.key("calibration")
        writer.object { writer in
            writer.key("temperature")
            if let value = temperature.value { writer.number(value) } else { writer.null() }
            for (name, table) in [("before", before)] + (after.map { [("after", $0)] } ?? []) {
                writer.key(name)
                writer.object { table.write(to: &$0) }
            }
        }
    }
}

extension Reliability {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("expected_calibration_error")
        writer.number(expectedCalibrationError)
        writer.key("log_loss")
        writer.number(loss)
        writer.key("bins")
        writer.array(bins) { writer, bin in
            writer.object { writer in
                for (key, value) in [("above", bin.lower), ("to", bin.upper)] {
                    writer.key(key)
                    writer.number(value)
                }
                writer.key("count")
                writer.integer(bin.count)
                for (key, value) in [("mean_score", bin.confidence), ("right", bin.accuracy)] {
                    writer.key(key)
                    if bin.count > 0 { writer.number(value) } else { writer.null() }
                }
            }
        }
    }
}
