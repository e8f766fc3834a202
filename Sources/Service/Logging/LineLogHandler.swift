import Foundation
import JSON
package import Logging

/// Writes each log record as one line on standard error: words for a terminal, a JSON object for a collector.
package struct LineLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let asJSON: Bool

    package init(label: String, asJSON: Bool) {
        self.label = label
        self.asJSON = asJSON
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = asJSON ? json(event, values) : words(event, values)
        // One write, so that lines of threads do not mix.
        FileHandle.standardError.write(Data(line + [0x0A]))
    }

    private func json(_ event: LogEvent, _ values: Logger.Metadata) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            let fields = [
                ("time", timestamp()), ("level", event.level.rawValue), ("message", event.message.description),
            ]
            for (key, value) in fields + values.sorted(by: { $0.key < $1.key }).map({ ($0.key, $0.value.description) })
            {
                writer.key(key)
                writer.string(value)
            }
        }
        return writer.bytes
    }

    private func words(_ event: LogEvent, _ values: Logger.Metadata) -> [UInt8] {
        let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        return Array("\(timestamp()) \(event.level.rawValue): \(event.message)\(pairs)".utf8)
    }

    private func timestamp() -> String {
        Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
