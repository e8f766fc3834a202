import Foundation
import JSON
import Logging
import Testing

@testable import Service

@Suite("A log line")
struct LineLogHandlerTests {
    private struct Failure: Error, CustomStringConvertible { let description = "it \"broke\"" }

    private func line(
        _ message: Logger.Message,
        _ metadata: Logger.Metadata = [:],
        error: (any Error)? = nil,
        asJSON: Bool
    ) -> [UInt8] {
        var handler = LineLogHandler(asJSON: asJSON, writer: LogWriter(capacity: 1024))
        handler[metadataKey: "service"] = "swiftlet"
        let event = LogEvent(
            level: .warning,
            message: message,
            error: error,
            metadata: metadata,
            source: "Service",
            file: #fileID,
            function: #function,
            line: #line
        )
        return handler.line(of: event, at: Date(timeIntervalSince1970: 1.5))
    }

    private func members(_ line: [UInt8]) throws -> [String: String] {
        guard case .object(let object) = try JSONParser.parse(line) else { return [:] }
        return object.members.reduce(into: [:]) { result, member in
            if case .string(let text) = member.value { result[member.key] = text }
        }
    }

    @Test("is one JSON object with time, level, message and metadata")
    func json() throws {
        let line = line("ready", ["port": "8080", "nested": ["a": "b"]], error: Failure(), asJSON: true)
        let members = try members(line)
        #expect(members["time"] == "1970-01-01T00:00:01.500Z" && members["level"] == "warning")
        #expect(members["message"] == "ready" && members["port"] == "8080" && members["service"] == "swiftlet")
        #expect(members["error"] == "it \"broke\"" && members["nested"] != nil)
    }

    @Test("stays one line and valid JSON whatever is logged", arguments: [true, false])
    func hostileTexts(asJSON: Bool) throws {
        for text in ["a\nb", "a\r\nb", "\u{1B}[31m", "\"", "\\", "\u{0}", "\u{85}", "é 😀", ""] {
            let line = line("\(text)", ["key\(text)": "\(text)", "time": "never", "message": "none"], asJSON: asJSON)
            #expect(!line.contains { $0 < 0x20 })
            guard asJSON else { continue }
            #expect(try members(line)["message"] == text)
            #expect(try members(line)["time"] == "1970-01-01T00:00:01.500Z")
        }
    }
}
