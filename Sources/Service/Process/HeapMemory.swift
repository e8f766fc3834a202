import CLinux

/// What the process's allocator keeps for itself.
package enum HeapMemory {
    /// Blocks from this size on are mapped apart and unmapped when they are freed; and this much may stay free at the
    /// end of an allocator's arena.
    private static let threshold: Int32 = 1 << 20

    /// Call this first thing in `main`: makes the allocator give back what large texts and answers took.
    ///
    /// Left alone, glibc raises both limits to the largest block that was ever freed, up to 32 MB, and holds twice that
    /// in each of its arenas.
    package static func limitReserves() {
        clinux_limit_heap_reserves(threshold)
    }

    /// Gives back what is free, once much has been freed that will not be needed again.
    package static func giveBack() {
        clinux_trim_heap()
    }
}
