import Foundation

/// The measured cost of batches for a worker: seconds for each batch, and seconds for each token.
///
/// The model is a least-squares line through the recent batches. The weight of a batch is its number of tokens, and
/// halves with every `halfLifeTokens` tokens that are computed after it. So a series of small batches, such as probes,
/// does not hide the cost of large ones.
struct CostModel {
    private static let halfLifeTokens = 16_384.0
    /// If all batches have nearly the same size (relative variance below this), the line's slope is noise, and the
    /// model attributes the whole cost to the tokens.
    private static let minVariance = 1e-2

    /// Sums over the batches, weighted by tokens: of 1, tokens, seconds, tokens² and tokens × seconds.
    private var weight = 0.0
    private var tokens = 0.0
    private var seconds = 0.0
    private var tokensSquared = 0.0
    private var tokensTimesSeconds = 0.0
    /// The sum of seconds over the same batches, not weighted; `weight` is the sum of their tokens.
    private var totalSeconds = 0.0

    /// Seconds for each batch, whatever its size.
    private(set) var secondsPerBatch = 0.0
    /// Seconds for each further token.
    private(set) var secondsPerAddedToken = 0.0

    /// Whether anything has been measured.
    var isKnown: Bool { totalSeconds > 0 }

    /// Seconds of one worker for a token in recent batches, the fixed cost of a batch included.
    var secondsPerToken: Double { isKnown ? totalSeconds / weight : 0 }

    /// Learns from a batch.
    /// - Parameter seconds: the time of all its workers together.
    mutating func observe(tokens count: Int, seconds time: Double) {
        let size = Double(count)
        guard size > 0, time > 0 else { return }
        let decay = exp2(-size / Self.halfLifeTokens)
        weight = weight * decay + size
        tokens = tokens * decay + size * size
        seconds = seconds * decay + size * time
        tokensSquared = tokensSquared * decay + size * size * size
        tokensTimesSeconds = tokensTimesSeconds * decay + size * size * time
        totalSeconds = totalSeconds * decay + time
        fit()
    }

    /// The seconds that one worker takes for a batch of this many tokens.
    func seconds(tokens: Int) -> Double { secondsPerBatch + secondsPerAddedToken * Double(tokens) }

    /// The tokens of the largest batch that takes at most `limit` seconds; nil if nothing was measured.
    func tokens(within limit: Double) -> Int? {
        guard secondsPerAddedToken > 0 else { return nil }
        let fitting = (limit - secondsPerBatch) / secondsPerAddedToken
        return fitting < Double(Int32.max) ? max(0, Int(fitting)) : Int(Int32.max)
    }

    private mutating func fit() {
        let mean = tokens / weight
        let variance = tokensSquared / weight - mean * mean
        let covariance = tokensTimesSeconds / weight - mean * (seconds / weight)
        if variance > Self.minVariance * mean * mean, covariance > 0 {
            secondsPerAddedToken = covariance / variance
            secondsPerBatch = seconds / weight - secondsPerAddedToken * mean
            if secondsPerBatch >= 0 { return }
        }
        secondsPerBatch = 0
        secondsPerAddedToken = tokensTimesSeconds / tokensSquared
    }
}
