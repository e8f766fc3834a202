import Foundation
import JSON
package import Logging

/// Writes each log record as one line on standard error: words for a terminal, a JSON object for a collector.
package struct LineLogHandler: LogHandler {
    /// Least severity that is written.
    package var logLevel = Logger.Level.info
    /// Values that every record carries.
    package var metadata: Logger.Metadata = [:]
    private let asJSON: Bool
    private let writer: LogWriter

    /// A handler without metadata, from level info on.
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
            // A key twice is no JSON that everyone reads: metadata cannot take the place of the record's own.
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
        // What would begin a line of its own, or steer the terminal, is shown escaped.
        return line.unicodeScalars.reduce(into: []) { bytes, scalar in
            let isControl = scalar.properties.generalCategory == .control
            bytes += isControl ? Array(scalar.escaped(asASCII: true).utf8) : Array(String(scalar).utf8)
        }
    }
}
