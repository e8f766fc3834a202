/// Holds what an HTTP/2 peer can make us do for nothing against what it earns by real requests.
///
/// libnghttp2's own limits don't cover every frame that costs its sender nothing: empty DATA frames, WINDOW_UPDATE,
/// PRIORITY, frames of unknown type, streams that are opened and given up, or that we are made to reset
/// (CVE-2019-9511 to -9518, CVE-2023-44487, CVE-2025-8671). Each of them spends credit. Requests that are answered
/// and data that is sent give it back, and so does time, when the owner tells it.
struct FloodGuard {
    /// What a new stream spends, until it has been answered.
    static let streamCost = 4
    /// What an answered stream gives back: its cost, and a control frame's.
    static let answerCredit = streamCost + 1
    /// What a DATA frame of ours gives: the peer may open its stream's window for it, and the connection's.
    static let dataSentCredit = 2
    /// The share of the whole credit that comes back in a second: a peer that sends a hundred control frames a second
    /// and nothing else isn't at work, and not much of a load.
    private static let refillSeconds = 10

    private let capacity: Int
    private var credit: Int
    private var lastRefill: Duration?

    init(limits: HTTPLimits) {
        // Streams that are open at the same time, all within their limit, spend nothing of the frames' credit.
        capacity = max(1, limits.maxIdleFrames) + Self.streamCost * max(1, limits.maxConcurrentStreams)
        credit = capacity
    }

    /// Whether the peer may go on.
    mutating func spend(_ cost: Int) -> Bool {
        credit -= cost
        return credit >= 0
    }

    mutating func earn(_ amount: Int) {
        credit = min(capacity, credit + amount)
    }

    /// Gives back what the time since the last call is worth.
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
