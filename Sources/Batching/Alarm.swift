import CLinux
import Dispatch
import Foundation
import Synchronization

/// Calls back when a time has come, on a thread of its own: an answer that is due then must not wait for workers or
/// requests. Its lock guards the time.
final class Alarm: Sendable {
    private struct State {
        var time: ContinuousClock.Instant?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let change = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives until the alarm is stopped.
    /// - Parameter onTime: called when the time has come; returns the next.
    init(name: String, onTime: @escaping @Sendable () -> ContinuousClock.Instant?) {
        Thread {
            unsafe clinux_name_thread(name)
            self.keep(onTime)
        }.start()
    }

    /// Brings the time forward; a later one is ignored.
    func set(_ time: ContinuousClock.Instant?) {
        guard let time else { return }
        let isSooner = state.withLock { state in
            if let current = state.time, current <= time { return false }
            state.time = time
            return true
        }
        if isSooner { change.signal() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        change.signal()
    }

    private func keep(_ onTime: () -> ContinuousClock.Instant?) {
        while true {
            let (time, isStopped) = state.withLock { ($0.time, $0.isStopped) }
            if isStopped { return }
            guard let time else {
                change.wait()
                continue
            }
            let left = ContinuousClock.now.duration(to: time)
            if left > .zero {
                _ = change.wait(timeout: .now() + left.seconds)
                continue
            }
            state.withLock { $0.time = nil }
            set(onTime())
        }
    }
}
