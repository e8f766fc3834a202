import Encoder
import Synchronization

/// Shows in a terminal how many parts of a model are packed. Small models are loaded before anything is shown.
final class LoadingProgress: Sendable {
    private struct State {
        var done = 0
        var isShown = false
    }

    private let write: @Sendable (String) -> Void
    private let started: ContinuousClock.Instant
    private let state = Mutex(State())

    /// An observer for standard error; nil if that is no terminal.
    static func observer() -> PackingObserver? {
        guard StandardError.isTerminal else { return nil }
        let progress = LoadingProgress(started: .now) { StandardError.write($0) }
        return { progress.packed($0, of: $1, now: .now) }
    }

    /// Progress that is written by `write`.
    init(started: ContinuousClock.Instant, write: @escaping @Sendable (String) -> Void) {
        self.started = started
        self.write = write
    }

    /// Counts a packed part. Threads may report out of order. The line is erased when the last part is packed.
    func packed(_ done: Int, of total: Int, now: ContinuousClock.Instant) {
        state.withLock { state in
            guard done > state.done else { return }
            state.done = done
            if done == total {
                if state.isShown { write("\r\u{1B}[K") }
            } else if now - started >= ProgressReporter.terminalInterval {
                state.isShown = true
                write("\rpacking the model's weights: \(done) of \(total) parts\u{1B}[K")
            }
        }
    }
}
