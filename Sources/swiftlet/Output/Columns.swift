/// Text in aligned columns, for terminals.
enum Columns {
    /// Rows with each column as wide as its widest cell; numbers are right-aligned where `alignedRight` says so.
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

    /// A text on one line of a terminal: shortened, and without the control characters that could command it.
    static func shown(_ text: String, width: Int = 100) -> String {
        let clean = text.unicodeScalars.prefix(width).map { scalar in
            scalar.properties.generalCategory == .control ? " " : String(scalar)
        }
        return clean.joined() + (text.unicodeScalars.dropFirst(width).isEmpty ? "" : "…")
    }

    /// A share of the whole as a bar of block characters, in steps of an eighth.
    static func bar(_ share: Float, width: Int = 20) -> String {
        guard share.isFinite else { return "" }
        let eighths = Int((min(max(share, 0), 1) * Float(width * 8)).rounded())
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + partial
    }
}
