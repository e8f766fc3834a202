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

    init() {
        self.init(
            errorIsTerminal: StandardError.isTerminal,
            outputIsTerminal: StandardOutput.isTerminal,
            now: .now,
            write: StandardError.write
        )
    }

    /// The same with everything that it asks of the system given.
    init(
        errorIsTerminal: Bool,
        outputIsTerminal: Bool,
        now: ContinuousClock.Instant,
        write: @escaping (String) -> Void
    ) {
        isTerminal = errorIsTerminal
        isShown = !outputIsTerminal
        self.write = write
        started = now
        nextReport = now + (errorIsTerminal ? Self.terminalInterval : Self.logInterval)
    }

    /// One more text is done.
    mutating func advance(now: ContinuousClock.Instant = .now) {
        count += 1
        guard isShown, now >= nextReport else { return }
        report(now: now, isLast: false)
        nextReport = now + (isTerminal ? Self.terminalInterval : Self.logInterval)
    }

    /// All texts are done.
    mutating func finish(now: ContinuousClock.Instant = .now) {
        // An input that was over before the first report needs none.
        if reports > 0 { report(now: now, isLast: true) }
    }

    private mutating func report(now: ContinuousClock.Instant, isLast: Bool) {
        reports += 1
        let seconds = started.duration(to: now) / .seconds(1)
        let rate = seconds > 0 ? Double(count) / seconds : 0
        let line = "\(count) texts, \(Decimals.fixed(rate, digits: rate < 10 ? 1 : 0)) texts/s"
        // \u{1B}[K clears what a longer line before it has left.
        write(isTerminal ? "\r\(line)\u{1B}[K" + (isLast ? "\n" : "") : "\(line)\n")
    }
}
