import Foundation
import HTTPProtocol
import HTTPServer
import JSON
package import Logging

/// Writes each log record as one line on standard error: words for a terminal, a JSON object for a collector.
package struct LineLogHandler: LogHandler {
    /// Lowest severity that is written.
    package var logLevel = Logger.Level.info
    /// Values that every record carries.
    package var metadata: Logger.Metadata = [:]
    private let asJSON: Bool
    private let writer: LogWriter

    /// Makes a handler without metadata that logs from level info on.
    package init(asJSON: Bool, writer: LogWriter) {
        self.asJSON = asJSON
        self.writer = writer
    }

    /// A value that every record carries.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a record.
    package func log(event: LogEvent) {
        writer.append(line(of: event, at: Date()) + [0x0A])
    }

    /// The record as one line, without its end.
    func line(of event: LogEvent, at time: Date) -> [UInt8] {
        var values = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { values["error"] = "\(error)" }
        let pairs = values.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value.description) }
        return asJSON ? json(event, pairs, Timestamp.text(time)) : words(event, pairs, Timestamp.text(time))
    }

    private func json(_ event: LogEvent, _ pairs: [(key: String, value: String)], _ timestamp: String) -> [UInt8] {
        let own = [("time", timestamp), ("level", event.level.rawValue), ("message", event.message.description)]
        var writer = JSONWriter()
        writer.object { writer in
            // Metadata cannot replace the record's own keys, and no key is written twice, because not every reader
            // accepts that.
            for (key, value) in own + pairs.filter({ pair in !own.contains { $0.0 == pair.key } }) {
                writer.key(key)
                writer.string(value)
            }
        }
        return writer.bytes
    }

    private func words(_ event: LogEvent, _ pairs: [(key: String, value: String)], _ timestamp: String) -> [UInt8] {
        let values = pairs.map { " \($0.key)=\($0.value)" }.joined()
        let line = "\(timestamp) \(event.level.rawValue): \(event.message)\(values)"
        // Characters that would begin a new line or control the terminal are escaped.
        return line.unicodeScalars.reduce(into: []) { bytes, scalar in
            let isControl = scalar.properties.generalCategory == .control
            bytes += isControl ? Array(scalar.escaped(asASCII: true).utf8) : Array(String(scalar).utf8)
        }
    }
}

/// The time of a log line: RFC 3339 in UTC, to the millisecond, as "2026-01-31T09:05:07.012Z".
enum Timestamp {
    /// Appends the time. Foundation's format styles would take as long as the rest of an access log line.
    static func append(_ date: Date, to bytes: inout [UInt8]) {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let (seconds, fraction) = milliseconds.quotientAndRemainderFloored(by: 1000)
        let (days, rest) = seconds.quotientAndRemainderFloored(by: 86_400)
        let day = CivilDate(daysSince1970: days)
        append(day.year, width: 4, to: &bytes)
        for (separator, number) in [
            ("-", day.month), ("-", day.day), ("T", rest / 3600), (":", rest / 60 % 60), (":", rest % 60),
        ] as [(Unicode.Scalar, Int)] {
            bytes.append(UInt8(ascii: separator))
            append(number, width: 2, to: &bytes)
        }
        bytes.append(UInt8(ascii: "."))
        append(fraction, width: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    static func text(_ date: Date) -> String {
        var bytes: [UInt8] = []
        append(date, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
