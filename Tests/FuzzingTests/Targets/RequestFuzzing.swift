import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Inference
import JSON
import Synchronization

@testable import Service

/// Requests to the whole service: every request is served or answered with a client error, never with a server error.
enum RequestFuzzing {
    /// The paths that take a body. The first byte of the input chooses one.
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
        guard case .plan(let plan) = handler.judge(request.head, body: .none, client: nil) else {
            preconditionFailure("an answer before the body")
        }
        let work: any RequestWork
        switch plan.begin(request, arrival) {
        case .answer(let response): return response
        case .work(let begun): work = begun
        }
        let result = Result()
        let isDone = DispatchSemaphore(value: 0)
        Task(executorPreference: executor) {
            let response = await work.run()
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
