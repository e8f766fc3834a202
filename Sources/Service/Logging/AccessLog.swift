import Foundation

/// The log of requests: one JSON object a line, whatever the form of the other lines.
struct AccessLog: Sendable {
    let scope: AccessLogScope
    /// Nil where nothing is logged.
    let writer: LogWriter?

    static let off = AccessLog(scope: .off, writer: nil)

    func write(_ entry: AccessEntry) {
        guard let writer, scope == .all || scope == .errors && (entry.status >= 400 || entry.isBrokenOff) else {
            return
        }
        writer.append(entry.line(at: Date()))
    }
}
