import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import Synchronization

@testable import Service

/// Requests to the whole service: whatever a client sends, it is its own mistake or is served, never a fault of ours.
enum RequestFuzzing {
    /// The paths that take a body; the first byte chooses.
    static let paths = [
        "/embed", "/embed_all", "/classify", "/tokenize", "/decode", "/predict", "/rerank", "/similarity", "/",
        "/v1/embeddings", "/v1/rerank", "/v2/embed",
    ]

    private static let executor = RequestWorkExecutor(width: 1)
    private static let handler = Repository.load {
        let handler = ServiceHandler()
        let inference = try InferenceService(
            model: LoadedModel(directory: "\(Repository.root)/Models/mobilebert-mini"),
            configuration: InferenceConfiguration(workers: 1)
        )
        handler.state.update { $0.inference = inference }
        return handler
    }

    static func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let path = paths[Int(first) % paths.count]
        let head = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "a",
            path: path,
            headerFields: [.contentType: "application/json"]
        )
        let response = answer(Request(head: head, body: Array(input.dropFirst())))
        let status = response.head.status.code
        precondition(status != 500 && (200...599).contains(status), "\(status) from \(path)")
        guard case .bytes(let body) = response.body, response.head.headerFields[.contentType] == "application/json"
        else { return }
        precondition((try? JSONParser.parse(body)) != nil, "an answer of \(path) that is not JSON")
    }

    private static func answer(_ request: Request) -> Response {
        let arrival = Arrival()
        if let response = handler.respondAtOnce(to: request, arrival) { return response }
        let result = Result()
        let isDone = DispatchSemaphore(value: 0)
        Task(executorPreference: executor) {
            let response = await handler.respond(to: request, arrival)
            result.response.withLock { $0 = response }
            isDone.signal()
        }
        isDone.wait()
        guard let response = result.response.withLock({ $0 }) else { preconditionFailure("no answer") }
        return response
    }

    private final class Result: Sendable {
        let response = Mutex<Response?>(nil)
    }
}
