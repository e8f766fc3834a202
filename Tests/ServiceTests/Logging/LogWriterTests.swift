import Foundation
import Testing

@testable import Service

@Suite("The log's writer", .timeLimit(.minutes(10)))
struct LogWriterTests {
    @Test("writes every line in order, and all of them before it ends")
    func order() async throws {
        let pipe = Pipe()
        let writer = LogWriter(capacity: 1 << 20, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<1000 { writer.append(Array("line \(number)\n".utf8)) }
        await writer.close(within: .seconds(30))
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == (0..<1000).map { "line \($0)\n" }.joined())
        #expect(writer.droppedLines == 0)
    }

    @Test("delays nobody when its reader has stopped: lines that do not fit are dropped and counted")
    func stuckReader() async throws {
        let pipe = Pipe()
        let writer = LogWriter(capacity: 4096, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        // These are more lines than the pipe and the writer hold together. Nobody reads, so a writer that waited would
        // never return.
        let line = Array(repeating: UInt8(ascii: "x"), count: 1023) + [0x0A]
        for _ in 0..<1000 { writer.append(line) }
        #expect(writer.droppedLines > 0)
        await writer.close(within: .milliseconds(50))
        try pipe.fileHandleForReading.close()
    }

    @Test("counts lines that could not be written")
    func brokenPipe() async throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let writer = LogWriter(capacity: 4096, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        writer.append(Array("nobody hears it\n".utf8))
        await writer.close(within: .seconds(30))
        #expect(writer.droppedLines == 1)
    }

    @Test("takes no line after its end")
    func closed() async {
        let writer = LogWriter(capacity: 4096, descriptor: -1)
        await writer.close(within: .seconds(30))
        writer.append([0x0A])
        #expect(writer.droppedLines == 1)
    }
}
