import Batching
import HTTPTypes

extension RequestOptions {
    /// What a request's header fields say, and the service's settings where they do not.
    /// - Parameters:
    ///   - received: when the request's last byte had come.
    ///   - timeout: the settings'; nil: none.
    init(_ fields: HTTPFields, received: ContinuousClock.Instant, timeout: Duration?) throws(ServiceError) {
        var timeout = timeout
        if let text = fields[.requestTimeout] {
            guard let milliseconds = Self.milliseconds(text) else {
                throw ServiceError(
                    400,
                    .validation,
                    "\(HTTPField.Name.requestTimeout) must be a whole number of milliseconds from 1 to "
                        + "\(Self.maxTimeoutMilliseconds). Given: \(text.prefix(100))"
                )
            }
            timeout = .milliseconds(milliseconds)
        }
        var priority = Priority.high
        if let text = fields[.requestPriority] {
            switch text.lowercased() {
            case "high": priority = .high
            case "low": priority = .low
            default:
                throw ServiceError(
                    400,
                    .validation,
                    "\(HTTPField.Name.requestPriority) must be high or low. Given: \(text.prefix(100))"
                )
            }
        }
        self.init(deadline: timeout.map { received + $0 }, priority: priority)
    }

    private static var maxTimeoutMilliseconds: Int { maxTimeoutMicroseconds / 1000 }

    /// Plain digits only: no sign, no exponent, and not two values of two fields.
    private static func milliseconds(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text).flatMap { (1...maxTimeoutMilliseconds).contains($0) ? $0 : nil }
    }
}

extension HTTPField.Name {
    /// Milliseconds that a request may take.
    static let requestTimeout = Self.make("x-request-timeout-ms")
    /// Which queue a request's texts wait in: high or low.
    static let requestPriority = Self.make("x-request-priority")
    /// `Retry-After` in milliseconds, which OpenAI's clients look for first.
    static let retryAfterMilliseconds = Self.make("retry-after-ms")
}
