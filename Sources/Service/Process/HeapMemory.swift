import CLinux
import Foundation

/// What the process's allocator keeps for itself.
package enum HeapMemory {
    /// Blocks from this size on are mapped apart and unmapped when they are freed.
    private static let blockLimit: Int32 = 1 << 20
    /// This much may stay free at the end of an arena: `giveBack` leaves it there in all arenas but the first, and
    /// with less, arenas would shrink and grow again with each answer.
    private static let reserveLimit: Int32 = 256 << 10
    /// With one, the event loop would wait for the requests' work.
    private static let minimumArenas = 2

    /// Call this first thing in `main`: makes the allocator give back what large texts and answers took.
    ///
    /// Left alone, glibc raises both limits to the largest block that was ever freed, up to 32 MB, and holds twice that
    /// in each of its arenas; and it makes eight of them for each CPU. Each grows to what all requests at once needed
    /// while its threads happened to do the work, and the same bytes in work are spread over more and more pages. No
    /// more threads can ask for memory at the same moment than there are CPUs.
    package static func limitReserves() {
        let arenas = max(minimumArenas, ProcessInfo.processInfo.activeProcessorCount)
        clinux_limit_heap(blockLimit, reserveLimit, Int32(clamping: arenas))
    }

    /// Gives back what is free, once much has been freed that will not be needed again.
    package static func giveBack() {
        clinux_trim_heap()
    }
}
