/// Reports on standard error how far the work on a long input has got.
///
/// In a terminal this is one line that is overwritten; otherwise it is a new line from time to time. If the results
/// themselves show the progress, there is no report.
struct ProgressReporter {
    /// Time between two reports in a terminal.
    static let terminalInterval: Duration = .milliseconds(500)
    /// Time between two reports in a log.
    static let logInterval: Duration = .seconds(10)

    private let isTerminal: Bool
    private let isShown: Bool
    private let write: (String) -> Void
    private let started: ContinuousClock.Instant
    private var nextReport: ContinuousClock.Instant
    private var count = 0
    private var reports = 0
    /// The name of the counted things.
    private let unit: String
    /// The size of all work; nil if the size is not known in advance.
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

    /// A reporter for results that go to a file, or that are not results of texts.
    ///
    /// - Parameter total: the size of all work, in the unit of `size` of ``advance(by:size:now:)``.
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

    /// A reporter that gets the facts about the system as arguments.
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

    /// Counts `count` more things as done, which are `size` of the total.
    mutating func advance(by count: Int = 1, size: Int = 0, now: ContinuousClock.Instant = .now) {
        self.count += count
        done += size
        guard isShown, now >= nextReport else { return }
        report(now: now, isLast: false)
        nextReport = now + (isTerminal ? Self.terminalInterval : Self.logInterval)
    }

    /// Reports the end.
    ///
    /// - Parameter always: whether to report even if the end came before the first report.
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
        // \u{1B}[K clears the rest of a longer line before.
        write(isTerminal ? "\r\(line)\u{1B}[K" + (isLast ? "\n" : "") : "\(line)\n")
    }

    /// A time as `1:02:03`, or `2:03` below an hour.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(), 1e9))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        let padded = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
    }
}
