import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A request without a body.
struct WebRequest: Sendable {
    enum Method: String { case get = "GET", head = "HEAD" }

    var method = Method.get
    var url: URL
    var fields: [String: String] = [:]
    /// Most seconds without a byte of the answer.
    var timeout: Int
}

/// An answer's head.
struct WebResponse: Sendable {
    var url: URL
    var status: Int
    var fields: ResponseFields
}

/// Receives an answer.
protocol BodySink: AnyObject, Sendable {
    /// Takes the head. An error that it throws ends the transfer.
    func begin(_ response: WebResponse) throws
    /// Takes the next bytes of the body.
    func receive(_ bytes: Data) throws
}

/// The reason why no complete answer arrived.
struct TransferError: Error {
    let reason: String
    /// Whether another attempt may succeed. False, for example, for a certificate that is not trusted.
    let isPassing: Bool
}

/// Sends HTTP requests by Foundation's URLSession. Each request gets one answer; a redirection is an answer too.
///
/// There is one session for the process, and it never ends. On Linux, when a session that has spoken TLS ends,
/// URLSession's connections (MultiHandle) may be used after they were freed (swift-corelibs-foundation, pull request
/// 5491). Also on Linux, fields after a chunked body (trailers) end the process (NativeProtocol: "there's no
/// response"), whatever the request and the session's configuration say. A client uses the field TE to say that it
/// accepts trailers (RFC 9110, section 6.5.1). We never send TE, but a server may send trailers all the same.
final class WebSession: Sendable {
    static let shared = WebSession()

    private let session: URLSession
    private let delegate = WebDelegate()

    private init() {
        // The session stores nothing between requests: no cookies, no answers, no passwords.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpCookieStorage = nil
        configuration.httpCookieAcceptPolicy = .never
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
    }

    /// Sends a request, and gives the answer to `sink`.
    ///
    /// - Throws: the sink's error, `TransferError`, or `CancellationError`.
    func send(_ request: WebRequest, to sink: any BodySink) async throws {
        var made = URLRequest(url: request.url)
        made.httpMethod = request.method.rawValue
        made.timeoutInterval = Double(request.timeout)
        for (name, value) in request.fields { made.setValue(value, forHTTPHeaderField: name) }
        let task = session.dataTask(with: made)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                delegate.add(task, sink: sink, continuation)
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// Passes URLSession's callbacks to the transfer that they belong to. The callbacks come on the session's own queue,
/// one at a time.
private final class WebDelegate: NSObject, URLSessionDataDelegate, Sendable {
    private struct Transfer {
        let sink: any BodySink
        let continuation: CheckedContinuation<Void, any Error>
        var hasBegun = false
        var fault: (any Error)?
    }

    private let transfers = Mutex<[Int: Transfer]>([:])

    func add(_ task: URLSessionTask, sink: any BodySink, _ continuation: CheckedContinuation<Void, any Error>) {
        transfers.withLock { $0[task.taskIdentifier] = Transfer(sink: sink, continuation: continuation) }
    }

    /// Does not follow redirections: the caller decides whether to follow one, and whether the new host gets the token.
    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        begin(dataTask, response)
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        begin(dataTask, dataTask.response)
        guard let transfer = transfers.withLock({ $0[dataTask.taskIdentifier] }), transfer.fault == nil else { return }
        attempt(dataTask) { try transfer.sink.receive(data) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        // For an answer without a body, URLSession may not have reported the head.
        if error == nil { begin(task, task.response) }
        guard let transfer = transfers.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        if let fault = transfer.fault {
            transfer.continuation.resume(throwing: fault)
        } else if let error {
            transfer.continuation.resume(throwing: Self.reported(error))
        } else if transfer.hasBegun {
            transfer.continuation.resume()
        } else {
            transfer.continuation.resume(throwing: TransferError(reason: "no HTTP answer", isPassing: true))
        }
    }

    private func begin(_ task: URLSessionTask, _ response: URLResponse?) {
        // Interim answers (103 Early Hints) are ignored.
        guard let response = response as? HTTPURLResponse, response.statusCode >= 200, let url = response.url else {
            return
        }
        let sink = transfers.withLock { transfers -> (any BodySink)? in
            guard transfers[task.taskIdentifier]?.hasBegun == false else { return nil }
            transfers[task.taskIdentifier]?.hasBegun = true
            return transfers[task.taskIdentifier]?.sink
        }
        guard let sink else { return }
        var fields: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            if let name = name as? String, let value = value as? String { fields[name] = value }
        }
        attempt(task) {
            try sink.begin(WebResponse(url: url, status: response.statusCode, fields: ResponseFields(fields)))
        }
    }

    /// Ends the transfer if a step fails. (If the delegate asks to end it at the head, URLSession ignores that.)
    private func attempt(_ task: URLSessionTask, _ step: () throws -> Void) {
        do {
            try step()
        } catch {
            transfers.withLock { $0[task.taskIdentifier]?.fault = error }
            task.cancel()
        }
    }

    private static func reported(_ error: any Error) -> any Error {
        guard let error = error as? URLError else { return TransferError(reason: "\(error)", isPassing: true) }
        return switch error.code {
        case .cancelled: CancellationError()
        case .timedOut: TransferError(reason: "no answer in time", isPassing: true)
        case .cannotFindHost, .dnsLookupFailed: TransferError(reason: "its host's name is not known", isPassing: true)
        case .cannotConnectToHost: TransferError(reason: "no connection to it", isPassing: true)
        case .networkConnectionLost: TransferError(reason: "the connection broke", isPassing: true)
        case .badURL, .unsupportedURL: TransferError(reason: "no address or no HTTP answer", isPassing: false)
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            TransferError(
                reason: "its certificate is not trusted (SSL_CERT_FILE names the authorities)",
                isPassing: false
            )
        default: TransferError(reason: error.localizedDescription, isPassing: true)
        }
    }
}

/// The setting of the trusted certificate authorities.
package enum WebTrust {
    /// Makes URLSession trust the certificates that the usual variables name. URLSession itself reads another variable,
    /// before its first connection. Call this while there is only one thread, because it changes the environment.
    package static func prepareEnvironment() {
        let variables = ProcessInfo.processInfo.environment
        let files = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].compactMap { variables[$0] }
        guard let file = files.first(where: { !$0.isEmpty }) else { return }
        unsafe setenv("URLSessionCertificateAuthorityInfoFile", file, 0)
    }
}
