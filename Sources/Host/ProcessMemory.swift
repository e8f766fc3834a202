import CLinux
import Dispatch
import Foundation
import Synchronization

/// The free memory that the process's allocator keeps.
package enum HeapMemory {
    /// Blocks of at least this many bytes are mapped separately, and unmapped when they are freed.
    private static let blockLimit: Int32 = 1 << 20
    /// The most bytes that may stay free at the end of an arena. `giveBack` leaves them there in all arenas but the
    /// first. With less, arenas would shrink and grow with each answer.
    private static let reserveLimit: Int32 = 256 << 10
    /// The fewest arenas. With only one, the event loop would wait for the request threads.
    private static let minimumArenas = 2

    /// Makes the allocator give back the memory of large texts and answers. Call this first in `main`.
    ///
    /// By default, glibc raises both limits to the largest block that was ever freed, up to 32 MB, and keeps twice that
    /// in each of its arenas; it makes eight arenas for each CPU. Each arena grows to the most that its threads ever
    /// needed at once, and the bytes in use spread over more and more pages. One arena for each CPU is enough: no more
    /// threads can ask for memory at the same moment.
    package static func limitReserves() {
        let arenas = max(minimumArenas, ProcessInfo.processInfo.activeProcessorCount)
        clinux_limit_heap(blockLimit, reserveLimit, Int32(clamping: arenas))
    }

    /// Gives free memory back to the system. Call this after much memory was freed that will not be needed again.
    package static func giveBack() {
        clinux_trim_heap()
    }
}

/// Gives freed memory back to the system every few seconds, until it is cancelled.
///
/// glibc returns only memory that is free at the end of an arena. Requests of many sizes on many threads leave a few
/// blocks in use everywhere. So resident memory would grow slowly over millions of requests, or stay high after many
/// connections have closed.
package final class HeapTrimming: Sendable {
    /// The time between two returns: long enough that the cost is negligible (a millisecond, and page faults for memory
    /// that is needed again), short enough that a monitor sees the memory that is really in use.
    private static let interval = DispatchTimeInterval.seconds(5)

    /// The timer, kept alive here until it is cancelled.
    private let timer = Mutex<(any DispatchSourceTimer)?>(nil)

    /// Starts giving memory back.
    package init() {
        timer.withLock { timer in
            let source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "swiftlet.heap"))
            source.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .seconds(1))
            source.setEventHandler { HeapMemory.giveBack() }
            source.activate()
            timer = source
        }
    }

    /// Stops giving memory back.
    package func cancel() { timer.withLock { $0?.cancel() } }
}

/// The resident pages that hold the code of the program and its libraries.
package enum ProgramPages {
    /// Releases all pages of code and constants. The pages that the process still needs come back when it touches them.
    ///
    /// The loader and the start of the libraries touch some 25 MB, most of it only once. The rest comes back from the
    /// page cache, in a microsecond for each 64 KiB. This is called twice: before the weights are packed, which lowers
    /// the peak by the same amount, and after. (Measured on the full-size int8 model: a peak of 65 MB resident instead
    /// of 79.)
    ///
    /// Does nothing under a debugger: its breakpoints are changed copies of these pages and would be lost.
    package static func release() {
        guard !isTraced else { return }
        clinux_release_program_pages()
    }

    private static var isTraced: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return status.contains("TracerPid:") && !status.contains("TracerPid:\t0\n")
    }
}
