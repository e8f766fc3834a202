import Batching
import Dispatch
import Synchronization

/// Knows whether the engine answers, without asking it when asked: health checks must not queue behind batches.
///
/// While there is traffic, every finished batch is the proof. When none has finished for a while, a probe of one
/// short text is run. The flag is atomic, the timer in its lock.
final class EngineWatch: Sendable {
    /// How long the engine may finish nothing before it counts as stuck: the largest batch of the full-size model
    /// takes about two seconds on one slow CPU.
    static let silenceLimit = Duration.seconds(30)
    /// How often it is looked whether a probe is due: several times within the limit, so that one lost probe is no
    /// alarm.
    private static let lookInterval = DispatchTimeInterval.seconds(5)
    /// A probe is due when nothing has finished for this long: just under the interval, so that each look of an idle
    /// service finds the last probe long enough ago.
    private static let probeDueAfter = Duration.seconds(4)

    private let inference: InferenceService
    /// Kept alive here, and cancelled in the end.
    private let timer = Mutex<(any DispatchSourceTimer)?>(nil)
    private let isProbing = Atomic<Bool>(false)

    init(inference: InferenceService) {
        self.inference = inference
        timer.withLock { timer in
            let source = DispatchSource.makeTimerSource()
            source.schedule(deadline: .now() + Self.lookInterval, repeating: Self.lookInterval, leeway: .seconds(1))
            source.setEventHandler { [weak self] in self?.probeIfSilent() }
            source.activate()
            timer = source
        }
    }

    deinit {
        timer.withLock { $0?.cancel() }
    }

    /// Whether a batch has succeeded lately enough.
    var engineAnswers: Bool {
        guard let silence = inference.statistics.sinceLastSuccess else { return false }
        return silence < Self.silenceLimit
    }

    private func probeIfSilent() {
        guard (inference.statistics.sinceLastSuccess ?? Self.silenceLimit) > Self.probeDueAfter else { return }
        guard !isProbing.exchange(true, ordering: .relaxed) else { return }
        Task { [weak self] in
            // A failed probe needs no handling: only success makes the engine count as answering.
            try? await self?.inference.warmUp()
            self?.isProbing.store(false, ordering: .relaxed)
        }
    }
}
