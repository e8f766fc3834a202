/// Tells on standard error how far a long input is.
///
/// In a terminal as one line that is written over, else as a line now and then; not at all where the results
/// themselves are seen coming.
struct ProgressReporter {
    /// Where a person looks on.
    private static let terminalInterval: Duration = .milliseconds(500)
    /// Where the lines go to a log.
    private static let logInterval: Duration = .seconds(10)

    private let isTerminal: Bool
    private let isShown: Bool
    private let write: (String) -> Void
    private let started: ContinuousClock.Instant
    private var nextReport: ContinuousClock.Instant
    private var count = 0
    private var reports = 0
    /// What is counted.
    private let unit: String
    /// The size of all that is to be done and of what is; nil where it is not known before its end.
    private let total: Int?
    private var done = 0

    init() {
        self.init(
            errorIsTerminal: StandardError.isTerminal,
            outputIsTerminal: StandardOutput.isTerminal,
            now: .now,
            write: StandardError.write
        )
    }

    /// For results that go to a file, or are not texts'.
    ///
    /// - Parameter total: the size of all that is to be done, in the unit of ``advance(by:size:now:)``.
    init(counting unit: String, of total: Int?) {
        self.init(
            errorIsTerminal: StandardError.isTerminal,
            outputIsTerminal: false,
            now: .now,
            counting: unit,
            of: total,
            write: StandardError.write
        )
    }

    /// The same with everything that it asks of the system given.
    init(
        errorIsTerminal: Bool,
        outputIsTerminal: Bool,
        now: ContinuousClock.Instant,
        counting unit: String = "texts",
        of total: Int? = nil,
        write: @escaping (String) -> Void
    ) {
        isTerminal = errorIsTerminal
        isShown = !outputIsTerminal
        self.write = write
        self.unit = unit
        self.total = total
        started = now
        nextReport = now + (errorIsTerminal ? Self.terminalInterval : Self.logInterval)
    }

    /// So many more are done, which make up so much of the total.
    mutating func advance(by count: Int = 1, size: Int = 0, now: ContinuousClock.Instant = .now) {
        self.count += count
        done += size
        guard isShown, now >= nextReport else { return }
        report(now: now, isLast: false)
        nextReport = now + (isTerminal ? Self.terminalInterval : Self.logInterval)
    }

    /// All are done.
    ///
    /// - Parameter always: whether to say so even where it was over before the first report.
    mutating func finish(always: Bool = false, now: ContinuousClock.Instant = .now) {
        if reports > 0 || always { report(now: now, isLast: true) }
    }

    private mutating func report(now: ContinuousClock.Instant, isLast: Bool) {
        reports += 1
        let seconds = started.duration(to: now) / .seconds(1)
        let rate = seconds > 0 ? Double(count) / seconds : 0
        var line = "\(count) \(unit), \(Decimals.fixed(rate, digits: rate < 10 ? 1 : 0)) \(unit)/s"
        if isLast, total != nil {
            line += " in \(Self.clock(seconds))"
        } else if let total, done > 0, total >= done {
            let left = seconds * Double(total - done) / Double(done)
            line += ", \(100 * done / total) %, \(Self.clock(left)) left"
        }
        // \u{1B}[K clears what a longer line before it has left.
        write(isTerminal ? "\r\(line)\u{1B}[K" + (isLast ? "\n" : "") : "\(line)\n")
    }

    /// A time as `1:02:03`, or `2:03` below an hour.
    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(), 1e9))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        let padded = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
    }
}
