import ArgumentParser
import Foundation

/// Text in aligned columns, for terminals.
enum Columns {
    /// Rows with each column as wide as its widest cell; the columns in `alignedRight` are right-aligned.
    static func aligned(_ rows: [[String]], alignedRight: Set<Int> = []) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return alignedRight.contains(column) ? padding + cell : cell + padding
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// A text made safe for one line of a terminal: shortened, and without control characters.
    static func shown(_ text: String, width: Int = 100) -> String {
        let clean = text.unicodeScalars.prefix(width).map { scalar in
            scalar.properties.generalCategory == .control ? " " : String(scalar)
        }
        return clean.joined() + (text.unicodeScalars.dropFirst(width).isEmpty ? "" : "…")
    }

    /// A fraction as a bar of block characters, in steps of an eighth of a character.
    static func bar(_ fraction: Float, width: Int = 20) -> String {
        guard fraction.isFinite else { return "" }
        let eighths = Int((min(max(fraction, 0), 1) * Float(width * 8)).rounded())
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + partial
    }
}

/// Formats numbers for people.
enum Decimals {
    /// A number with four significant digits: `0.3594`, `2.783`, `1e-04`.
    static func significant(_ value: Double) -> String { String(format: "%.4g", value) }

    /// A number with a fixed number of digits after the point: `0.9987`.
    static func fixed(_ value: some BinaryFloatingPoint, digits: Int) -> String {
        String(format: "%.\(digits)f", Double(value))
    }
}

/// The form of the results.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// `text` in a terminal, `json` in a pipe or a file.
    case auto
    /// For people.
    case text
    /// JSON Lines: one object on each line.
    case json

    /// The form that is used, `text` or `json`, after `auto` is resolved.
    var resolved: OutputFormat {
        guard self == .auto else { return self }
        return StandardOutput.isTerminal ? .text : .json
    }
}
