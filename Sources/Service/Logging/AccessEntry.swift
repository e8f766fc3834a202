import Batching
import Foundation
import HTTPProtocol
import JSON

/// What the access log says of a request: everything an operator needs to find and judge it, and nothing of its texts.
/// So there is no path where no route has it, no query, and no message of an error.
struct AccessEntry: Sendable {
    var requestID = RequestID()
    var trace: TraceParent?
    var client: String?
    /// Nil where no request could be read.
    var version: HTTPVersion?
    var method: String?
    /// Nil where no route has the path, or there was none to be read.
    var route: Route?
    /// Of the answer that was sent; 499 where the client had gone before.
    var status = 499
    var errorKind: ServiceError.Kind?
    /// The client went before it had all of the answer, or its stream failed.
    var isBrokenOff = false
    var bytesIn = 0
    var bytesOut = 0
    var total = Duration.zero
    var usage: Usage?

    /// The line, with its end.
    func line(at time: Date) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: Self.usualBytes)
        writer.object { writer in
            writer.member("time", Timestamp.text(time))
            writer.member("level", status >= 500 ? "error" : "info")
            writer.member("message", "request")
            writer.member("request_id", requestID.text)
            if let trace {
                writer.member("trace_id", String(trace.traceID))
                writer.member("traceparent", trace.text)
            }
            if let client { writer.member("client", client) }
            if let version { writer.member("protocol", version.rawValue) }
            if let method { writer.member("method", Self.knownMethods.contains(method) ? method : "other") }
            writer.member("route", route?.name ?? "other")
            writer.member("status", status)
            if let errorKind { writer.member("error_type", errorKind.rawValue) }
            if isBrokenOff {
                writer.key("broken_off")
                writer.boolean(true)
            }
            writer.member("bytes_in", bytesIn)
            writer.member("bytes_out", bytesOut)
            writer.member("total_ms", total)
            if let usage { write(usage, &writer) }
        }
        return writer.bytes + [0x0A]
    }

    private func write(_ usage: Usage, _ writer: inout JSONWriter) {
        writer.member("tokenization_ms", usage.tokenizationTime)
        writer.member("queue_ms", usage.queueTime)
        writer.member("inference_ms", usage.inferenceTime)
        writer.member("inputs", usage.inputLengths.count)
        writer.member("tokens", usage.tokens)
        writer.member("truncated", usage.truncatedInputs)
    }

    private static let usualBytes = 512
    /// Any other could be a text.
    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
    ]
}

extension JSONWriter {
    fileprivate mutating func member(_ key: String, _ number: Int) {
        self.key(key)
        integer(number)
    }

    /// In milliseconds, to the microsecond.
    fileprivate mutating func member(_ key: String, _ duration: Duration) {
        self.key(key)
        number((duration.seconds * 1_000_000).rounded() / 1000)
    }
}
