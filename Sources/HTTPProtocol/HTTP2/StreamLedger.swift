/// Which streams a client has opened, so that a frame on one that is gone or never was can be told apart: RFC 9113,
/// 5.1 and 5.1.1, make connection errors of what libnghttp2 ignores. Its memory is bounded; what it no longer
/// remembers it lets pass.
struct StreamLedger {
    enum Verdict: Equatable {
        /// Higher than all before: opens a stream.
        case new
        /// Open now, or known to be open before.
        case known
        /// Lower than one that was opened, and was never opened itself.
        case skipped
    }

    /// Ranges of skipped identifiers that are remembered. Clients count by two and skip none.
    private static let maxGaps = 64
    /// Streams reset by us that are remembered: what the peer sent before it knew is still on its way.
    private static let maxResets = 256

    private var highest: StreamID = -1
    private var gaps: [ClosedRange<StreamID>] = []
    private var resets: [StreamID] = []
    private var nextReset = 0

    /// Notes a HEADERS frame's stream, an odd number.
    mutating func open(_ id: StreamID) -> Verdict {
        guard id > highest else { return isSkipped(id) ? .skipped : .known }
        if id - 2 > highest {
            if gaps.count == Self.maxGaps { gaps.removeFirst() }
            gaps.append((highest + 1)...(id - 1))
        }
        highest = id
        return .new
    }

    /// Whether a stream of this number has been, or could have been, open.
    func wasPassed(_ id: StreamID) -> Bool { id <= highest }

    /// Whether a stream was passed over by one with a higher number.
    func isSkipped(_ id: StreamID) -> Bool { gaps.contains { $0.contains(id) } }

    mutating func noteReset(_ id: StreamID) {
        if resets.count < Self.maxResets {
            resets.append(id)
        } else {
            resets[nextReset] = id
            nextReset = (nextReset + 1) % Self.maxResets
        }
    }

    func wasReset(_ id: StreamID) -> Bool { resets.contains(id) }
}
