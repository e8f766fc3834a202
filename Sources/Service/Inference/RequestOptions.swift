package import Batching

/// How urgent a request is: what a client, or the service's settings, say of every request alike, whatever its route.
///
/// It goes with the request's task, as its cancellation does: no route has to pass it on, so none can forget to.
package struct RequestOptions: Sendable, Equatable {
    /// When the answer is worth nothing any more; nil: never.
    package var deadline: ContinuousClock.Instant?
    /// Which queue its texts wait in.
    package var priority = Priority.high

    /// Those of the request that the current task answers.
    @TaskLocal package static var current = RequestOptions()

    /// No deadline and high priority, unless said otherwise.
    package init(deadline: ContinuousClock.Instant? = nil, priority: Priority = .high) {
        self.deadline = deadline
        self.priority = priority
    }

    /// The options with KServe's request parameters, which never extend a deadline.
    /// - Parameters:
    ///   - timeout: microseconds from now; nil and 0 leave the deadline as it is.
    ///   - level: 1 is the most urgent; 0 and nil leave the priority as it is, 2 and more mean low.
    package func limited(toMicroseconds timeout: Int?, priority level: Int?) throws(InferenceError) -> RequestOptions {
        var limited = self
        if let timeout, timeout != 0 {
            guard (1...Self.maxTimeoutMicroseconds).contains(timeout) else { throw .invalidTimeout(timeout) }
            let end = ContinuousClock.now + .microseconds(timeout)
            limited.deadline = deadline.map { min($0, end) } ?? end
        }
        if let level, level != 0 {
            guard level > 0 else { throw .invalidPriority(level) }
            limited.priority = level == 1 ? .high : .low
        }
        return limited
    }

    /// Runs an operation under these options.
    package func run<Value>(_ operation: () async throws -> Value) async rethrows -> Value {
        try await Self.$current.withValue(self, operation: operation)
    }

    /// Ends work that nobody waits for any more. For loops that take long without waiting.
    /// - Throws: `CancellationError`, `SchedulerError.deadlineExceeded`.
    package static func check() throws {
        try Task.checkCancellation()
        if let deadline = current.deadline, deadline <= .now { throw SchedulerError.deadlineExceeded }
    }

    /// A day: a limit above it is none.
    static var maxTimeoutMicroseconds: Int { 86_400_000_000 }
}
