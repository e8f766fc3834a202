/// Limits the work that an HTTP/2 peer can cause without real requests, by counting a credit for the peer.
///
/// libnghttp2's own limits do not cover every frame that costs its sender nothing: empty DATA frames, WINDOW_UPDATE,
/// PRIORITY, frames of unknown type, and streams that the peer opens and gives up or makes us reset (CVE-2019-9511 to
/// -9518, CVE-2023-44487, CVE-2025-8671). Each of these spends credit. Answered requests, sent data and time that
/// passes give credit back.
struct FloodGuard {
    /// The credit that a new stream spends until it has been answered.
    static let streamCost = 4
    /// The credit that an answered stream gives back: its own cost and that of a control frame.
    static let answerCredit = streamCost + 1
    /// The credit for each DATA frame that we send: the peer may answer it by opening the windows of the stream and of
    /// the connection.
    static let dataSentCredit = 2
    /// The seconds in which the whole credit comes back. So a peer may send a hundred control frames a second for ever:
    /// that is not useful, but not a heavy load either.
    private static let refillSeconds = 10

    private let capacity: Int
    private var credit: Int
    private var lastRefill: Duration?

    init(limits: HTTPLimits) {
        // The credit for streams is added, so that the streams that may be open at once do not use up the credit for
        // frames.
        capacity = max(1, limits.maxIdleFrames) + Self.streamCost * max(1, limits.maxConcurrentStreams)
        credit = capacity
    }

    /// Spends credit. Returns whether the peer may go on.
    mutating func spend(_ cost: Int) -> Bool {
        credit -= cost
        return credit >= 0
    }

    mutating func earn(_ amount: Int) {
        credit = min(capacity, credit + amount)
    }

    /// Gives back credit for the time since the last call.
    mutating func refill(now: Duration) {
        guard let last = lastRefill else {
            lastRefill = now
            return
        }
        let seconds = min(Int64(Self.refillSeconds), (now - last).components.seconds)
        guard seconds > 0 else { return }
        earn(Int(seconds) * capacity / Self.refillSeconds)
        lastRefill = now
    }
}
