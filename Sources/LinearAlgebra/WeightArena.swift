internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Memory for a model's weights: few large mappings in huge pages.
///
/// When all weights stream through a core for a single text, huge pages save it TLB misses, and the prefetcher does not
/// stop at every 4 KB. Packing the weights takes one page fault for every 2 MB. The arena frees its memory as a whole,
/// after its last buffer. The lock guards the position of the next buffer.
package final class WeightArena: Sendable {
    private struct State {
        var chunks: [Chunk] = []
        /// The bytes of the last chunk that are in use.
        var used = 0
    }

    private let state = Mutex(State())

    /// Makes an empty arena.
    package init() {}

    /// Allocates zeroed bytes on a cache line's boundary, which live as long as the arena; nil if the system has no
    /// memory left.
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

    /// One mapping, which begins on a huge page's boundary. Only the pages that are written take memory.
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
            // The parts before the boundary and behind the end are unmapped.
            let before = (page - Int(bitPattern: mapped) % page) % page
            unsafe start = mapped + before
            if before > 0 { unsafe munmap(mapped, before) }
            unsafe munmap(start + byteCount, page - before)
            #if os(Linux)
            // The call is only advice: a system without huge pages uses small ones.
            unsafe madvise(start, byteCount, MADV_HUGEPAGE)
            #endif
        }

        deinit { unsafe munmap(start, byteCount) }
    }
}
