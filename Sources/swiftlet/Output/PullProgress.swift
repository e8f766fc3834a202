import Foundation
import Hub
import Logging
import ModelCache
import Synchronization

/// Shows the progress of a pull on standard error: in a terminal a bar for each file, elsewhere a line from time to
/// time.
struct PullProgress {
    /// Time between two reports in a terminal.
    private static let terminalInterval: Duration = .milliseconds(100)
    /// Time between two reports in a log.
    private static let logInterval: Duration = .seconds(10)
    /// Characters of a bar.
    private static let width = 24

    private let isTerminal: Bool
    private var file = ""
    private var started: ContinuousClock.Instant
    /// Bytes that an earlier attempt left.
    private var present = 0
    private var nextReport: ContinuousClock.Instant

    init(isTerminal: Bool, now: ContinuousClock.Instant) {
        self.isTerminal = isTerminal
        started = now
        nextReport = now
    }

    /// An observer that writes to standard error.
    ///
    /// - Parameter isQuiet: whether only problems are reported.
    static func observer(isQuiet: Bool = false) -> PullObserver {
        let hidesBars = (try? HubSettings(environment: ProcessInfo.processInfo.environment).hidesProgress) ?? false
        let state = Mutex(PullProgress(isTerminal: StandardError.isTerminal && !hidesBars, now: .now))
        return { event in
            if isQuiet || hidesBars, !event.isTrouble { return }
            // The text is written under the lock, so that lines come in the order of the events.
            state.withLock { if let text = $0.text(for: event, now: .now) { StandardError.write(text) } }
        }
    }

    /// The text that an event writes; nil for none.
    mutating func text(for event: PullEvent, now: ContinuousClock.Instant) -> String? {
        switch event {
        case .found: return nil
        case .started(let file, let bytes, let present):
            self.file = file
            self.present = present
            started = now
            nextReport = now + (isTerminal ? .zero : Self.logInterval)
            return isTerminal ? bar(present, of: bytes, now: now) : nil
        case .progressed(_, let bytes, let total):
            // A file that was started again has nothing left of the earlier attempt.
            present = min(present, bytes)
            guard now >= nextReport else { return nil }
            nextReport = now + (isTerminal ? Self.terminalInterval : Self.logInterval)
            return bar(bytes, of: total, now: now)
        case .finished(let file, let bytes, let isNew):
            guard isNew else { return line("\(file): in the cache already") }
            let rate = rate(of: bytes - present, now: now).map { ", \(Self.size($0))/s" } ?? ""
            return line("\(file): \(Self.size(Double(bytes)))\(rate)")
        case .waiting(let file): return line("\(file): another program is fetching it; waiting")
        case .retrying(let reason, let seconds):
            return line("\(reason); trying again in \(Decimals.fixed(seconds, digits: 1)) s")
        case .unconfirmed(let reason):
            return line("\(reason); the model is used as the cache has it")
        }
    }

    private func line(_ text: String) -> String {
        // \u{1B}[K clears the rest of a longer bar before.
        isTerminal ? "\r\(text)\u{1B}[K\n" : "\(text)\n"
    }

    private func bar(_ bytes: Int, of total: Int?, now: ContinuousClock.Instant) -> String {
        let rate = rate(of: bytes - present, now: now)
        var parts = [file]
        if let total, total > 0 {
            let filled = min(Self.width, bytes * Self.width / total)
            if isTerminal {
                parts.append(String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled))
            }
            parts.append("\(bytes * 100 / total) %")
            parts.append("\(Self.size(Double(bytes))) of \(Self.size(Double(total)))")
        } else {
            parts.append(Self.size(Double(bytes)))
        }
        if let rate {
            parts.append("\(Self.size(rate))/s")
            if let total, rate > 0 { parts.append("\(Self.time(Double(total - bytes) / rate)) left") }
        }
        let text = parts.joined(separator: "  ")
        return isTerminal ? "\r\(text)\u{1B}[K" : "\(text)\n"
    }

    /// Bytes per second; nil while too few bytes have arrived for an estimate.
    private func rate(of bytes: Int, now: ContinuousClock.Instant) -> Double? {
        let seconds = started.duration(to: now) / .seconds(1)
        return seconds > 0.2 && bytes > 0 ? Double(bytes) / seconds : nil
    }

    /// A number of bytes in the units of the Hub's pages, powers of 1,000.
    static func size(_ bytes: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (bytes, 0)
        while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return "\(Decimals.fixed(value, digits: unit > 0 && value < 100 ? 1 : 0)) \(units[unit])"
    }

    /// Minutes and seconds.
    static func time(_ seconds: Double) -> String {
        guard seconds < 360_000 else { return "days" }
        let whole = Int(seconds.rounded(.up))
        let rest = whole % 60 < 10 ? "0\(whole % 60)" : "\(whole % 60)"
        return "\(whole / 60):\(rest)"
    }
}

extension PullEvent {
    /// Whether the event is a problem.
    var isTrouble: Bool {
        switch self {
        case .retrying, .unconfirmed: true
        default: false
        }
    }
}

/// Writes the events of a pull to the service's log.
struct PullLog: Sendable {
    private static let interval: Duration = .seconds(10)

    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Writes a line for everything that begins, ends or fails, and a line from time to time in between.
    var observer: PullObserver {
        let next = Mutex(ContinuousClock.now + Self.interval)
        return { [logger] event in
            switch event {
            case .found(let commit, _):
                logger.info("pulling", metadata: ["commit": "\(commit)"])
            case .started(let file, let bytes, let present):
                logger.info(
                    "fetching",
                    metadata: ["file": "\(file)", "bytes": "\(bytes ?? 0)", "present": "\(present)"]
                )
            case .progressed(let file, let bytes, let total):
                let isDue = next.withLock { next in
                    guard ContinuousClock.now >= next else { return false }
                    next = .now + Self.interval
                    return true
                }
                guard isDue else { return }
                logger.info(
                    "fetching",
                    metadata: ["file": "\(file)", "bytes": "\(total ?? 0)", "present": "\(bytes)"]
                )
            case .finished(let file, let bytes, let isNew):
                if isNew { logger.info("fetched", metadata: ["file": "\(file)", "bytes": "\(bytes)"]) }
            case .waiting(let file):
                logger.info("another program is fetching the file", metadata: ["file": "\(file)"])
            case .retrying(let reason, let seconds):
                logger.warning("\(reason)", metadata: ["retry_after": "\((seconds * 10).rounded() / 10)"])
            case .unconfirmed(let reason):
                logger.warning("\(reason)")
            }
        }
    }
}
