/// Finds the known name that a mistyped one was meant to be.
enum EditDistance {
    /// Names above this length are not compared: no key comes near it, and the cost is the product of both lengths.
    private static let maxLength = 64

    /// The candidate with the fewest edits from `name`, nil when none is near enough to be a plausible slip: at most
    /// one edit for every three bytes.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= maxLength else { return nil }
        let ranked = candidates.map { (name: $0, distance: distance(Array(name.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, name.utf8.count / 3) ? best.name : nil
    }

    /// Number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) that make one
    /// name of the other. O(first × second) time, O(second) space.
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...second.count)
        for (i, byte) in first.enumerated() {
            var row = [i + 1]
            for (j, other) in second.enumerated() {
                let substituted = previous[j] + (byte == other ? 0 : 1)
                var best = min(substituted, previous[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, byte == second[j - 1], first[i - 1] == other {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                row.append(best)
            }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[second.count]
    }
}
