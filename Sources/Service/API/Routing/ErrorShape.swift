import Batching
import HTTPServer
import HTTPTypes
import JSON

/// How a face's clients expect an error: each face adds its own beside its routes.
struct ErrorShape: Sendable {
    /// The status where the face has another than ours.
    let status: @Sendable (ServiceError) -> Int
    /// Writes the body, a JSON object.
    let write: @Sendable (ServiceError, inout JSONWriter) -> Void

    init(
        status: @escaping @Sendable (ServiceError) -> Int = { $0.status },
        write: @escaping @Sendable (ServiceError, inout JSONWriter) -> Void
    ) {
        self.status = status
        self.write = write
    }

    func body(_ error: ServiceError) -> [UInt8] {
        var writer = JSONWriter()
        write(error, &writer)
        return writer.bytes
    }

    func response(_ error: ServiceError) -> Response {
        var response = Response.json(status: status(error), body(error))
        for field in error.fields { response.head.headerFields.append(field) }
        if let time = error.retryAfter {
            response.head.headerFields[.retryAfter] = "\(Int(time.seconds.rounded(.up)))"
            response.head.headerFields[.retryAfterMilliseconds] = "\(time.milliseconds)"
        }
        if let allow = error.allow { response.head.headerFields[.allow] = allow }
        return response
    }
}
