import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite("Reading as a stream")
struct StreamingTests {
    /// One tensor of `elements` numbers 0, 1, 2, … modulo 1024, in a type that holds each of them exactly.
    private func file(_ type: String, _ elements: Int, in folder: TemporaryFolder) throws -> String {
        let period: [[UInt8]] = (0..<1024).map { number in
            switch type {
            case "F64": littleEndian(Double(number).bitPattern)
            case "BF16": littleEndian(UInt16(Float(number % 256).bitPattern >> 16))
            default: littleEndian(Float(number).bitPattern)
            }
        }
        let size = period[0].count
        let header = #"{"w":{"dtype":"\#(type)","shape":[\#(elements)],"data_offsets":[0,\#(elements * size)]}}"#
        let whole = Array(period.joined())
        var data: [UInt8] = []
        data.reserveCapacity(elements * size)
        while data.count < elements * size { data += whole.prefix(elements * size - data.count) }
        return try folder.write(safetensors(header, data: data), to: "model.safetensors")
    }

    @Test("a tensor of many chunks, the last one short, is read whole", arguments: ["F32", "F64", "BF16"])
    func chunks(_ type: String) throws {
        let folder = try TemporaryFolder()
        let elements = 100_003
        let checkpoint = try Checkpoint(file: try file(type, elements, in: folder))
        let values = try checkpoint.float32("w", shape: [elements])
        let period = type == "BF16" ? 256 : 1024
        #expect(values == (0..<elements).map { Float($0 % period) })
    }

    @Test("a file that was made shorter since it was opened is an error that says so")
    func shortened() throws {
        let folder = try TemporaryFolder()
        let path = try file("F32", 100_000, in: folder)
        let checkpoint = try Checkpoint(file: path)
        try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 200_000)
        let found = try message { _ = try checkpoint.float32("w", shape: [100_000]) }
        #expect(found == "\(path): cannot be read: it was made shorter while it was read")
    }

    #if os(Linux)
    @Test("what has been read of a file does not stay in the process's memory")
    func residence() throws {
        let folder = try TemporaryFolder()
        let elements = 16 << 20
        let checkpoint = try Checkpoint(file: try file("F32", elements, in: folder))
        var values = [Float](repeating: 0, count: elements)
        var span = values.mutableSpan
        let before = try residentFilePages()
        try checkpoint.read("w", shape: [elements], into: &span)
        // Other tests run beside this one, and their pages come and go; the file is 64 MB.
        #expect(try residentFilePages() - before < elements * 4 / 2 / 4096)
        #expect(values[elements - 1] == Float((elements - 1) % 1024))
    }

    /// Pages of files that the process has mapped and that are in memory.
    private func residentFilePages() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[2]))
    }
    #endif
}
