import Foundation

/// What batches cost a worker, as measured: so many seconds for each batch and for each token.
///
/// A least-squares line through the batches of late. A batch weighs as much as it has tokens, and half as much once
/// `halfLifeTokens` more have been computed; so many small batches, such as probes, do not hide what large ones cost.
struct CostModel {
    private static let halfLifeTokens = 16_384.0
    /// With batches of nearly one size (relative variance) the line's slope is noise; all is then put on the tokens.
    private static let minVariance = 1e-2

    /// Weighted by tokens: how much there is of evidence, tokens, seconds, tokens² and tokens × seconds.
    private var weight = 0.0
    private var tokens = 0.0
    private var seconds = 0.0
    private var tokensSquared = 0.0
    private var tokensTimesSeconds = 0.0
    /// The plain sum of seconds over the same batches; `weight` is that of tokens.
    private var totalSeconds = 0.0

    /// Seconds for each batch, whatever its size.
    private(set) var secondsPerBatch = 0.0
    /// Seconds for each further token.
    private(set) var secondsPerAddedToken = 0.0

    /// Whether anything has been measured.
    var isKnown: Bool { totalSeconds > 0 }

    /// Seconds of one worker for a token in batches as they have been of late, their fixed part included.
    var secondsPerToken: Double { isKnown ? totalSeconds / weight : 0 }

    /// Learns from a batch.
    /// - Parameter seconds: of all its workers together.
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

    /// What a batch of that size takes one worker.
    func seconds(tokens: Int) -> Double { secondsPerBatch + secondsPerAddedToken * Double(tokens) }

    /// Tokens of the largest batch that takes no longer; nil when nothing has been measured.
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
