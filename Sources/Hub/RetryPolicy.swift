import Foundation

/// When an attempt that failed is made again, and after which time.
struct RetryPolicy: Sendable {
    /// Attempts without anything gained: with the waits below some ten seconds.
    var maxAttempts = 6
    /// Seconds before the second attempt; each further one waits twice as long.
    var firstWait = 0.5
    /// Seconds at most, also where the Hub asks for more (`Retry-After`).
    var longestWait = 30.0

    /// Seconds to wait after the attempt `attempt` (from 1) failed; nil: that was the last one.
    ///
    /// - Parameters:
    ///   - asked: what the answer asked for, if it did.
    ///   - jitter: 0 to 1: clients that failed together must not come back together.
    func wait(afterAttempt attempt: Int, asked: Double?, jitter: Double) -> Double? {
        guard attempt < maxAttempts else { return nil }
        let grown = min(longestWait, firstWait * Double(1 << min(attempt - 1, 16)))
        // Earlier than asked would be refused again, so there the jitter only adds.
        if let asked { return min(longestWait, max(0, asked) + jitter * firstWait) }
        return grown * (0.5 + jitter / 2)
    }

    /// Whether a status tells of a passing trouble.
    static func isPassing(_ status: Int) -> Bool { [408, 425, 429, 500, 502, 503, 504].contains(status) }

    /// What an answer asks for in seconds: `Retry-After` in either form, or the reset of the rate limit that is used
    /// up (`RateLimit: "api";r=0;t=55`).
    static func askedWait(_ fields: ResponseFields, now: Date) -> Double? {
        if let text = fields["Retry-After"]?.trimmingCharacters(in: .whitespaces) {
            if let seconds = Double(text), seconds >= 0 { return seconds }
            if let date = httpDate(text) { return max(0, date.timeIntervalSince(now)) }
        }
        let parts = fields["RateLimit"]?.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
        guard parts.contains("r=0"), let reset = parts.first(where: { $0.hasPrefix("t=") }) else { return nil }
        return Double(reset.dropFirst(2))
    }

    private static func httpDate(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text)
    }
}
