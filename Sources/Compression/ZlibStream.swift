import CZlib

/// zlib's state for one stream in one direction. Only this type calls zlib. The state stays at one address, because
/// zlib requires that.
@safe struct ZlibStream: ~Copyable {
    enum Direction { case compressing, decompressing }

    private let stream: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    /// - Parameters:
    ///   - windowBits: zlib's parameter: the binary logarithm of the window's size, plus 16 for gzip's header.
    ///   - level: The effort of compressing, from 1.
    ///   - memoryLevel: zlib's parameter, which bounds the memory for compressing.
    init(
        _ direction: Direction,
        windowBits: Int32,
        level: Int32 = 1,
        memoryLevel: Int32 = 8
    ) throws(CompressionError) {
        self.direction = direction
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let result =
            switch direction {
            case .decompressing: unsafe inflateInit2_(stream, windowBits, ZLIB_VERSION, size)
            case .compressing:
                unsafe deflateInit2_(
                    stream,
                    level,
                    Z_DEFLATED,
                    windowBits,
                    memoryLevel,
                    Z_DEFAULT_STRATEGY,
                    ZLIB_VERSION,
                    size
                )
            }
        guard result == Z_OK else { throw .library(code: result) }
    }

    deinit {
        // If the state could not be made, neither function has anything to free.
        switch direction {
        case .decompressing: _ = unsafe inflateEnd(stream)
        case .compressing: _ = unsafe deflateEnd(stream)
        }
        unsafe stream.deallocate()
    }

    /// Compresses or decompresses until the output is full or the input is used up.
    ///
    /// - Returns: zlib's verdict, the number of input bytes used, and the number of output bytes written.
    func step(
        _ input: ArraySlice<UInt8>,
        into output: inout [UInt8],
        isLast: Bool = false
    ) -> (verdict: Int32, used: Int, written: Int) {
        let (offered, capacity) = (UInt32(clamping: input.count), UInt32(clamping: output.count))
        let verdict = unsafe input.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = offered
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = capacity
                return switch direction {
                case .decompressing: unsafe inflate(stream, Z_NO_FLUSH)
                case .compressing: unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                }
            }
        }
        let (inputLeft, outputLeft) = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
        return (verdict, Int(offered - inputLeft), Int(capacity - outputLeft))
    }

    /// Prepares for the next of several compressed parts.
    func restart() -> Bool { unsafe inflateReset(stream) == Z_OK }
}
