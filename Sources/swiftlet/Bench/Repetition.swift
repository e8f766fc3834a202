/// How often a piece of work is done until its time is known: as often as fits a budget, the median counts.
struct Repetition: Sendable {
    /// Time for a figure, in seconds: the run in which it is over is the last one.
    var budget = 1.5
    /// More runs make a median no steadier.
    var mostRuns = 999

    /// The median of the seconds that `work` took; what warms caches and buffers up comes before, and is not counted.
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

    /// Never inlined: scripts/count-instructions counts what is done inside of it.
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
