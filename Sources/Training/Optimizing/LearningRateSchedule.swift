#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The learning rate of each step: a warm-up from 0 to the peak, then one of transformers' `lr_scheduler_type`s.
package struct LearningRateSchedule: Sendable, Equatable {
    /// What follows the warm-up. The raw values are transformers' names.
    package enum Kind: String, Sendable, CaseIterable {
        /// A straight line to 0 at the last step.
        case linear
        /// Half a cosine wave to 0 at the last step.
        case cosine
        /// The peak without a warm-up.
        case constant
        /// The peak.
        case constantWithWarmup = "constant_with_warmup"
    }

    private let kind: Kind
    private let peak: Double
    private let warmupSteps: Int
    private let totalSteps: Int

    /// - Parameters:
    ///   - peak: the learning rate after the warm-up.
    ///   - totalSteps: all steps, the warm-up included.
    package init(_ kind: Kind = .linear, peak: Double, warmupSteps: Int, totalSteps: Int) {
        self.kind = kind
        self.peak = peak
        self.warmupSteps = kind == .constant ? 0 : warmupSteps
        self.totalSteps = totalSteps
    }

    /// The learning rate after so many steps: that of the first step is `rate(after: 0)`.
    package func rate(after steps: Int) -> Double {
        if steps < warmupSteps { return peak * Double(steps) / Double(max(1, warmupSteps)) }
        let progress = Double(steps - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
        switch kind {
        case .linear: return peak * max(0, 1 - progress)
        case .cosine: return peak * max(0, 0.5 * (1 + cos(Double.pi * progress)))
        case .constant, .constantWithWarmup: return peak
        }
    }
}
