import Foundation
import JSON
import ModelCache

/// The rules for repeating a failed attempt: how often, and after which time.
struct RetryPolicy: Sendable {
    /// Most attempts in a row without progress. With the waits below, they take some ten seconds.
    var maxAttempts = 6
    /// Seconds before the second attempt. Each later wait is twice as long.
    var firstWait = 0.5
    /// Longest wait in seconds, also if the Hub asks for more (`Retry-After`).
    var longestWait = 30.0

    /// Seconds to wait after the attempt `attempt` (from 1) failed; nil: that was the last one.
    ///
    /// - Parameters:
    ///   - asked: the wait that the answer asked for, if any.
    ///   - jitter: a random number from 0 to 1, so that clients that failed together do not all come back at the same
    ///     time.
    func wait(afterAttempt attempt: Int, asked: Double?, jitter: Double) -> Double? {
        guard attempt < maxAttempts else { return nil }
        let grown = min(longestWait, firstWait * Double(1 << min(attempt - 1, 16)))
        // An attempt earlier than asked would be refused again, so the jitter only adds here.
        if let asked { return min(longestWait, max(0, asked) + jitter * firstWait) }
        return grown * (0.5 + jitter / 2)
    }

    /// Whether a status means a temporary failure.
    static func isPassing(_ status: Int) -> Bool { [408, 425, 429, 500, 502, 503, 504].contains(status) }

    /// The wait in seconds that an answer asks for: `Retry-After` in either form, or the reset of a rate limit that is
    /// used up (`RateLimit: "api";r=0;t=55`).
    static func askedWait(_ fields: ResponseFields, now: Date) -> Double? {
        if let text = fields["Retry-After"].map({ String($0.stripped) }) {
            if let seconds = Double(text), seconds >= 0 { return seconds }
            if let date = httpDate(text) { return max(0, date.timeIntervalSince(now)) }
        }
        let parts = fields["RateLimit"]?.pieces(separatedBy: ";").map { $0.stripped } ?? []
        guard parts.contains("r=0"), let reset = parts.compactMap({ $0.rest(after: "t=") }).first else { return nil }
        return Double(reset)
    }

    private static func httpDate(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text)
    }
}

/// The attempts at one request: a listing, a file's metadata or its content.
struct Retries {
    let connection: HubConnection
    let revision: Revision
    /// The file that is requested; nil for the listing.
    let file: String?
    let url: URL
    let policy: RetryPolicy
    let observer: PullObserver

    /// Attempts in a row that failed without progress.
    private var failures = 0
    /// How often the file arrived complete but damaged.
    private var damages = 0

    /// The most damaged downloads of one file. A file that is damaged more often than this is damaged at its source.
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
    /// - Parameter hasGained: whether the attempt got further than all earlier ones.
    /// - Throws: the final error if there is no next attempt; `CancellationError`.
    mutating func pause(after error: any Error, hasGained: Bool = false) async throws {
        if error is CancellationError { throw error }
        failures = hasGained ? 1 : failures + 1
        let wait = policy.wait(afterAttempt: failures, asked: askedWait(error), jitter: .random(in: 0...1))
        guard isPassing(error), let wait else { throw final(error) }
        let reason = (final(error) as? HubError)?.cause ?? "\(error)"
        observer(.retrying(reason: reason, seconds: wait))
        try await Task.sleep(for: .seconds(wait))
    }

    private mutating func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let error as TransferError: return error.isPassing
        case let error as Refusal:
            // A link to another host may have expired; the Hub makes a new one.
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
