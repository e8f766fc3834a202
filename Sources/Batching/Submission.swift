import Synchronization

/// What a submission's rows came to, and how long that took.
package struct SubmissionResult<Output: Sendable>: Sendable {
    /// One result for each row, in the order they were submitted in.
    package let rows: [Result<Output, any Error>]
    /// From submission until the last row was handed to a worker.
    package let queueTime: Duration
    /// From then until the last row was computed.
    package let computeTime: Duration
}

/// Gathers the results of rows that may run in different batches and answers once, when the last is there, the
/// submission is cancelled or it was never taken in. Guarded by its own lock, which is never held while another
/// is taken.
final class Submission<Output: Sendable>: Sendable {
    typealias Answer = Result<SubmissionResult<Output>, any Error>

    private struct State {
        var rows: [Result<Output, any Error>?]
        var remaining: Int
        var lastDispatch: ContinuousClock.Instant
        var answer: Answer?
        var continuation: CheckedContinuation<SubmissionResult<Output>, any Error>?
    }

    private let submitted = ContinuousClock.now
    private let state: Mutex<State>

    init(rowCount: Int) {
        state = Mutex(
            State(
                rows: Array(repeating: nil, count: rowCount),
                remaining: rowCount,
                lastDispatch: submitted,
                answer: nil,
                continuation: nil
            )
        )
    }

    /// Suspends until there is an answer. Called once.
    func answer() async throws -> SubmissionResult<Output> {
        try await withCheckedThrowingContinuation { continuation in
            let answer = state.withLock { state -> Answer? in
                if state.answer == nil { state.continuation = continuation }
                return state.answer
            }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// Notes that a row left the queue.
    /// - Returns: how long it waited.
    func dispatched(at now: ContinuousClock.Instant) -> Duration {
        state.withLock { $0.lastDispatch = max($0.lastDispatch, now) }
        return submitted.duration(to: now)
    }

    /// Stores a row's result and answers if it was the last.
    func complete(row: Int, with result: Result<Output, any Error>) {
        let now = ContinuousClock.now
        finish { state in
            guard state.rows[row] == nil else { return nil }
            state.rows[row] = result
            state.remaining -= 1
            guard state.remaining == 0 else { return nil }
            let rows = state.rows.compactMap { $0 }
            state.rows = []
            return .success(
                SubmissionResult(
                    rows: rows,
                    queueTime: self.submitted.duration(to: state.lastDispatch),
                    computeTime: state.lastDispatch.duration(to: now)
                )
            )
        }
    }

    /// Answers with an error; results that come later are thrown away.
    func fail(_ error: any Error) {
        finish { _ in .failure(error) }
    }

    private func finish(_ make: (inout State) -> Answer?) {
        let resumption = state.withLock {
            state -> (CheckedContinuation<SubmissionResult<Output>, any Error>, Answer)? in
            guard state.answer == nil, let answer = make(&state) else { return nil }
            state.answer = answer
            defer { state.continuation = nil }
            return state.continuation.map { ($0, answer) }
        }
        if let (continuation, answer) = resumption { continuation.resume(with: answer) }
    }
}
