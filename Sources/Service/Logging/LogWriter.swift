import CLinux
import Dispatch
import Foundation
import Synchronization

/// Writes lines to standard error on its own thread, so that a reader that has stopped (a stuck pipe, a full disk)
/// stops no event loop and no request. If lines do not fit into the buffer, they are dropped and counted.
package final class LogWriter: Sendable {
    /// How long lines are gathered for one write. With thousands of lines a second, a separate write for each would
    /// cost more than the lines themselves.
    private static let gathering = 0.01
    /// The interval between two checks, at the end, whether everything is written.
    private static let flushInterval = Duration.milliseconds(5)

    private struct State {
        var pending: [UInt8] = []
        var pendingLines = 0
        var isWriting = false
        var isClosed = false
        var droppedLines = 0
    }

    private let descriptor: Int32
    private let capacity: Int
    private let wake = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: the most bytes of lines that may wait; the same number may be in the write call.
    ///   - descriptor: the descriptor that the lines are written to; it must stay open.
    package init(capacity: Int, descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        self.capacity = capacity
        Thread {
            unsafe clinux_name_thread("log")
            self.work()
        }.start()
    }

    /// Lines that did not fit the buffer, or could not be written.
    package var droppedLines: Int { state.withLock { $0.droppedLines } }

    /// Appends a line, which includes its line end and will be written soon. Never waits.
    package func append(_ line: [UInt8]) {
        let isFirst = state.withLock { state in
            guard !state.isClosed, state.pending.count + line.count <= capacity else {
                state.droppedLines += 1
                return false
            }
            state.pending += line
            state.pendingLines += 1
            return state.pendingLines == 1
        }
        if isFirst { wake.signal() }
    }

    /// Accepts no more lines, and returns when all are written or the time is up.
    package func close(within limit: Duration) async {
        state.withLock { $0.isClosed = true }
        wake.signal()
        let end = ContinuousClock.now + limit
        while !isDone, ContinuousClock.now < end { try? await Task.sleep(for: Self.flushInterval) }
    }

    private var isDone: Bool { state.withLock { $0.pendingLines == 0 && !$0.isWriting } }

    private func work() {
        while true {
            wake.wait()
            if !state.withLock({ $0.isClosed }) { Thread.sleep(forTimeInterval: Self.gathering) }
            let (bytes, lines, isLast) = state.withLock { state in
                defer {
                    state.pending = []
                    state.pendingLines = 0
                }
                state.isWriting = state.pendingLines > 0
                return (state.pending, state.pendingLines, state.isClosed)
            }
            let failure = lines == 0 ? 0 : unsafe clinux_write_all(descriptor, bytes, bytes.count)
            state.withLock { state in
                state.isWriting = false
                if failure != 0 { state.droppedLines += lines }
            }
            if isLast { return }
        }
    }
}
