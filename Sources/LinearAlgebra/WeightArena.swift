internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Memory for a model's weights: few large mappings in huge pages, so that streaming all weights through a core for a
/// single text neither misses the TLB nor stops the prefetcher at every fourth kilobyte, and so that packing them takes
/// a page fault for every second megabyte.
///
/// Nothing is given back before the arena goes, with the last buffer in it. The lock guards the place of the next one.
package final class WeightArena: Sendable {
    private struct State {
        var chunks: [Chunk] = []
        /// Bytes used of the last chunk.
        var used = 0
    }

    private let state = Mutex(State())

    /// An arena that holds nothing yet.
    package init() {}

    /// Bytes at a cache line's boundary, all zero, for as long as the arena lives; nil where the system has none.
    @unsafe
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        let alignment = AlignedBuffer.alignment
        let size = (max(byteCount, 1) + alignment - 1) / alignment * alignment
        let place: (chunk: Chunk, offset: Int)? = state.withLock { state in
            if state.chunks.last.map({ $0.byteCount - state.used < size }) ?? true {
                guard let chunk = Chunk(atLeast: size) else { return nil }
                state.chunks.append(chunk)
                state.used = 0
            }
            defer { state.used += size }
            return state.chunks.last.map { ($0, state.used) }
        }
        return unsafe place.map { unsafe $0.chunk.start + $0.offset }
    }

    /// Memory mapped at one time, from a huge page's boundary on. Only what is written of it takes memory.
    @safe
    private final class Chunk: @unchecked Sendable {
        // Sendable: the arena hands out each part once.
        let start: UnsafeMutableRawPointer
        let byteCount: Int

        private static let usualBytes = 32 << 20
        /// The size and alignment of a huge page, on x86-64 and with 4 KB pages on 64-bit ARM.
        private static let hugePageBytes = 2 << 20

        init?(atLeast size: Int) {
            let page = Self.hugePageBytes
            byteCount = (max(size, Self.usualBytes) + page - 1) / page * page
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
            guard let mapped = unsafe mmap(nil, byteCount + page, PROT_READ | PROT_WRITE, flags, -1, 0),
                unsafe mapped != MAP_FAILED
            else { return nil }
            // What lies before the boundary, and behind the end, goes back.
            let before = (page - Int(bitPattern: mapped) % page) % page
            unsafe start = mapped + before
            if before > 0 { unsafe munmap(mapped, before) }
            unsafe munmap(start + byteCount, page - before)
            #if os(Linux)
            // A wish: where the system has no huge pages, small ones serve.
            unsafe madvise(start, byteCount, MADV_HUGEPAGE)
            #endif
        }

        deinit { unsafe munmap(start, byteCount) }
    }
}
