/// The vector type of every elementwise loop of this module: 16 floats, one cache line.
package typealias FloatVector = SIMD16<Float>

/// A fixed number of floats on the heap, aligned to a cache line: the one owner of raw memory in this module.
///
/// The buffer cannot be copied, so whoever holds it is its only owner and `deinit` frees it once. Spans live no longer
/// than the closure they are given to. Its length is rounded up to whole vectors, so that a row whose stride is a
/// multiple of ``vectorWidth`` is a run of whole vectors.
///
/// Kernels write through a borrowed buffer, because the threads of a team work on one buffer at the same time. This is
/// safe for the following reason: between two barriers each thread writes only its own slice of rows or columns, and no
/// other thread reads that slice before the next barrier.
@safe
package struct AlignedBuffer: ~Copyable {
    /// Floats in one ``FloatVector``.
    package static let vectorWidth = 16

    /// The alignment in bytes: one cache line, which is also the widest vector register (AVX-512).
    package static let alignment = 64

    /// The number of floats, a multiple of ``vectorWidth``.
    package let count: Int

    private let storage: UnsafeMutableBufferPointer<Float>
    /// The arena that frees the memory; nil when the buffer itself frees it.
    private let arena: WeightArena?

    /// Allocates at least `minimumCount` floats, from `arena` if one is given. The floats are zero, unless `zeroed` is
    /// false; use that if the first use of the buffer writes all of them anyway.
    ///
    /// - Precondition: `minimumCount` is not negative.
    package init(minimumCount: Int, zeroed: Bool = true, arena: WeightArena? = nil) {
        precondition(minimumCount >= 0, "an AlignedBuffer can't hold \(minimumCount) floats")
        count = max(Self.roundedUp(minimumCount), Self.vectorWidth)
        let byteCount = count * MemoryLayout<Float>.stride
        let ofArena = unsafe arena?.allocate(byteCount: byteCount)
        self.arena = unsafe ofArena == nil ? nil : arena
        let memory =
            unsafe ofArena ?? UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
        unsafe storage = UnsafeMutableBufferPointer(
            start: memory.bindMemory(to: Float.self, capacity: count),
            count: count
        )
        // Fresh memory of an arena is zero already; it is not touched before it is used.
        if zeroed, self.arena == nil { unsafe storage.initialize(repeating: 0) }
    }

    deinit {
        if arena == nil { unsafe UnsafeMutableRawPointer(storage.baseAddress)?.deallocate() }
    }

    /// The smallest multiple of ``vectorWidth`` that is not less than `count`: the stride of a row of `count` floats.
    package static func roundedUp(_ count: Int) -> Int {
        (count + vectorWidth - 1) / vectorWidth * vectorWidth
    }

    /// Gives `body` all floats to read.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(storage)))
    }

    /// Gives `body` all floats to read and write.
    package mutating func withMutableSpan<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe MutableSpan(_unsafeElements: storage)
        return try body(&span)
    }

    /// Gives `body` all floats to read and write, as whole vectors; it may write its own slice only.
    @inline(__always)
    func withMutableVectors<Result>(_ body: (inout MutableSpan<FloatVector>) -> Result) -> Result {
        let vectorCount = count / Self.vectorWidth
        return unsafe storage.withMemoryRebound(to: FloatVector.self) { vectors in
            let vectors = unsafe UnsafeMutableBufferPointer(start: vectors.baseAddress, count: vectorCount)
            var span = unsafe MutableSpan(_unsafeElements: vectors)
            return body(&span)
        }
    }

    /// Gives `body` the memory as vectors of bfloat16, two for each vector of floats; it may write its own slice only.
    @inline(__always)
    func withNarrowVectors<Result>(_ body: (inout MutableSpan<SIMD16<UInt16>>) -> Result) -> Result {
        let vectorCount = 2 * count / Self.vectorWidth
        let memory = unsafe UnsafeMutableRawPointer(storage.baseAddress)
        // A narrow table's values are never read as floats.
        let start = unsafe memory?.assumingMemoryBound(to: SIMD16<UInt16>.self)
        let vectors = unsafe UnsafeMutableBufferPointer(start: start, count: vectorCount)
        var span = unsafe MutableSpan(_unsafeElements: vectors)
        return body(&span)
    }

    /// Gives `body` all floats to read, as whole vectors.
    @inline(__always)
    func withVectors<Result>(_ body: (Span<FloatVector>) -> Result) -> Result {
        let vectorCount = count / Self.vectorWidth
        return unsafe storage.withMemoryRebound(to: FloatVector.self) { vectors in
            let vectors = unsafe UnsafeBufferPointer(start: vectors.baseAddress, count: vectorCount)
            return body(unsafe Span(_unsafeElements: vectors))
        }
    }

    /// Copies one row's floats, padding included, to another place of the same width.
    ///
    /// - Precondition: both regions are one row with the same number of columns, on vector boundaries.
    package func copyRow(_ source: MatrixRegion, to target: MatrixRegion) {
        precondition(source.rows == 1 && target.rows == 1 && source.columns == target.columns)
        let from = source.vectors(ofRow: 0)
        let to = target.vectors(ofRow: 0).lowerBound
        withMutableVectors { vectors in
            for (index, vector) in from.enumerated() { vectors[to + index] = vectors[vector] }
        }
    }

    /// Copies vectors of another buffer to `offset`, or adds them to the values at `offset`.
    ///
    /// - Precondition: `offset` is on a vector boundary, and both buffers have all of these vectors.
    func take(_ range: Range<Int>, of source: borrowing AlignedBuffer, to offset: Int, adding: Bool) {
        let width = Self.vectorWidth
        precondition(offset >= 0 && offset.isMultiple(of: width), "\(offset) is not on a vector boundary")
        precondition(range.lowerBound >= 0 && range.upperBound * width <= source.count, "\(range) of \(source.count)")
        precondition(offset + range.count * width <= count, "\(range.count) vectors at \(offset) of \(count)")
        for index in 0..<range.count * width {
            let value = unsafe source.storage[range.lowerBound * width + index]
            let old = unsafe adding ? storage[offset + index] : 0
            unsafe storage[offset + index] = old + value
        }
    }

    /// Copies or adds vectors of another buffer that holds bfloat16 numbers: two such vectors take the place of one
    /// vector of floats.
    func takeNarrow(_ range: Range<Int>, of source: borrowing AlignedBuffer, to offset: Int, adding: Bool) {
        let width = Self.vectorWidth
        precondition(offset >= 0 && offset.isMultiple(of: width), "\(offset) is not on a vector boundary")
        precondition(
            range.lowerBound >= 0 && range.upperBound * width <= 2 * source.count,
            "\(range) of \(source.count)"
        )
        precondition(offset + range.count * width <= count, "\(range.count) vectors at \(offset) of \(count)")
        let memory = unsafe UnsafeRawPointer(source.storage.baseAddress)
        guard let numbers = unsafe memory?.assumingMemoryBound(to: UInt16.self) else { return }
        for index in 0..<range.count * width {
            let value = unsafe Float(bitPattern: UInt32(numbers[range.lowerBound * width + index]) << 16)
            let old = unsafe adding ? storage[offset + index] : 0
            unsafe storage[offset + index] = old + value
        }
    }

    /// Sets `range` to zero.
    package func clear(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) floats")
        for index in range { unsafe storage[index] = 0 }
    }

    /// The address of a region's first float, for one C call. The region is checked first. The C call may write its own
    /// slice.
    @unsafe
    func address(of region: MatrixRegion) -> UnsafeMutablePointer<Float>? {
        precondition(region.end <= count, "\(region) lies outside of a buffer of \(count) floats")
        return unsafe storage.baseAddress.map { unsafe $0 + region.offset }
    }
}

// Sendable although the buffer holds a pointer: memory that threads share is either only read (weights) or divided as
// the type's comment says.
extension AlignedBuffer: @unchecked Sendable {}

/// A read-only vector of floats (a bias, a scale), padded with zeros to whole ``FloatVector``s.
package final class PaddedVector: Sendable {
    /// The number of floats given, without the padding.
    package let count: Int
    private let storage: AlignedBuffer

    /// The given floats in their order.
    package init(_ values: [Float]) {
        count = values.count
        var storage = AlignedBuffer(minimumCount: values.count)
        storage.withMutableSpan { stored in
            for index in values.indices { stored[index] = values[index] }
        }
        self.storage = storage
    }

    /// Gives `body` the vectors that hold the floats.
    @inline(__always)
    func withVectors<Result>(_ body: (Span<FloatVector>) -> Result) -> Result { storage.withVectors(body) }

    /// The first float's address, for one C call; it lives as long as this vector.
    @unsafe
    var address: UnsafePointer<Float>? {
        let region = MatrixRegion(rows: 1, columns: count)
        return unsafe UnsafePointer(storage.address(of: region))
    }
}
