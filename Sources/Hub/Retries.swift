import Foundation

/// The attempts at one thing: a listing, a file's head or its content.
struct Retries {
    let connection: HubConnection
    let revision: Revision
    /// The file that it is about; nil: the listing.
    let file: String?
    let url: URL
    let policy: RetryPolicy
    let observer: PullObserver

    /// Attempts that failed one after another without anything gained.
    private var failures = 0
    /// Files that came whole and wrong.
    private var damages = 0

    /// A file that comes damaged that often is damaged where it comes from.
    private static let maxDamages = 2

    init(
        _ connection: HubConnection,
        _ revision: Revision,
        file: String?,
        url: URL,
        policy: RetryPolicy,
        observer: @escaping PullObserver
    ) {
        self.connection = connection
        self.revision = revision
        self.file = file
        self.url = url
        self.policy = policy
        self.observer = observer
    }

    /// Waits until the next attempt.
    ///
    /// - Parameter hasGained: whether the attempt came further than any before it.
    /// - Throws: what the failures come to, where there is no next attempt; `CancellationError`.
    mutating func pause(after error: any Error, hasGained: Bool = false) async throws {
        if error is CancellationError { throw error }
        failures = hasGained ? 1 : failures + 1
        let wait = policy.wait(afterAttempt: failures, asked: askedWait(error), jitter: .random(in: 0...1))
        guard isPassing(error), let wait else { throw final(error) }
        observer(.retrying(reason: "\(final(error))", seconds: wait))
        try await Task.sleep(for: .seconds(wait))
    }

    private mutating func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let error as TransferError: return error.isPassing
        case let error as Refusal:
            // A link to another host that has ended is made anew by the Hub.
            return RetryPolicy.isPassing(error.response.status) || error.response.status == 416
                || !HubConnection.isSameOrigin(error.response.url, url)
        case HubError.wrongSize, HubError.wrongChecksum:
            damages += 1
            return damages <= Self.maxDamages
        default: return false
        }
    }

    private func askedWait(_ error: any Error) -> Double? {
        (error as? Refusal).flatMap { RetryPolicy.askedWait($0.response.fields, now: Date()) }
    }

    private func final(_ error: any Error) -> any Error {
        switch error {
        case let error as TransferError:
            HubError.unreachable(url: HubConnection.shown(url), reason: error.reason, attempts: failures)
        case let error as Refusal: error.error(connection, revision: revision, file: file, attempts: failures)
        default: error
        }
    }
}
