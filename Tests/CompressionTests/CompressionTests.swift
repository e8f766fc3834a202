import TestSupport
import Testing

@testable import Compression

@Suite("Compression")
struct CompressionTests {
    private static func text(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count))
        return (0..<count).map { _ in UInt8.random(in: 0x30...0x39, using: &generator) }
    }

    private static func gzip(_ pieces: [[UInt8]], expectedBytes: Int? = nil) throws -> [UInt8] {
        var compressor = try GzipCompressor(expectedBytes: expectedBytes)
        var result: [UInt8] = []
        for (index, piece) in pieces.enumerated() {
            result += try compressor.add(piece, isLast: index == pieces.count - 1)
        }
        return result
    }

    @Test(
        "gives back the original bytes, whatever their number and pieces",
        arguments: [0, 1, 511, 512, 5000, 40_000, 1_000_000]
    )
    func roundTrip(count: Int) throws {
        let bytes = Self.text(count)
        let whole = try Self.gzip([bytes], expectedBytes: count)
        try #expect(whole.decompressed(as: .gzip, limit: count) == bytes)
        let middle = count / 3
        let inPieces = try Self.gzip([Array(bytes[..<middle]), [], Array(bytes[middle...]), []])
        try #expect(inPieces.decompressed(as: .gzip, limit: count) == bytes)
        if count > 5000 { #expect(whole.count < count * 6 / 10) }
    }

    @Test("of several parts in a row gives all of them")
    func parts() throws {
        let (one, two) = (Self.text(1000), Self.text(2000))
        let both = try Self.gzip([one]) + Self.gzip([two])
        try #expect(both.decompressed(as: .gzip, limit: 3000) == one + two)
    }

    @Test("stops a bomb at its limit, to the byte")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 10_000_000)
        let bomb = try Self.gzip([zeros])
        #expect(bomb.count < 100_000)
        try #expect(bomb.decompressed(as: .gzip, limit: 10_000_000).count == 10_000_000)
        #expect(throws: CompressionError.tooLarge(limit: 9_999_999)) {
            try bomb.decompressed(as: .gzip, limit: 9_999_999)
        }
        #expect(throws: CompressionError.tooLarge(limit: 0)) { try bomb.decompressed(as: .gzip, limit: 0) }
    }

    @Test("reads zlib's format, and confuses neither format with the other")
    func formats() throws {
        // zlib.compress(b"hello") of Python.
        let hello: [UInt8] = [120, 156, 203, 72, 205, 201, 201, 7, 0, 6, 44, 2, 21]
        try #expect(hello.decompressed(as: .zlib, limit: 10) == Array("hello".utf8))
        #expect(throws: CompressionError.malformed) { try hello.decompressed(as: .gzip, limit: 10) }
        let gzip = try Self.gzip([Array("hello".utf8)])
        #expect(throws: CompressionError.malformed) { try gzip.decompressed(as: .zlib, limit: 10) }
        #expect(throws: CompressionError.trailingBytes) { try (hello + [0]).decompressed(as: .zlib, limit: 10) }
        #expect(throws: CompressionError.malformed) { try (gzip + [1, 2, 3]).decompressed(as: .gzip, limit: 10) }
    }

    @Test("detects every cut and every flipped byte, or gives the same bytes; it never gives other bytes")
    func damage() throws {
        let bytes = Self.text(300)
        let gzip = try Self.gzip([bytes])
        for end in 0..<gzip.count {
            #expect(throws: CompressionError.truncated) {
                try Array(gzip[..<end]).decompressed(as: .gzip, limit: 1000)
            }
        }
        for index in gzip.indices {
            var damaged = gzip
            damaged[index] ^= 0xFF
            // Some bytes of the header (time, system) have no effect.
            let result = try? damaged.decompressed(as: .gzip, limit: 1000)
            #expect(result == nil || result == bytes)
        }
    }
}
