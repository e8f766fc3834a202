import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import Logging
import TestSupport
import Testing

@testable import Inference
@testable import Service

extension InferenceConfiguration {
    /// The default limits without a request's time limit: a debug build on a busy machine may take longer.
    static func patient(workers: Int) -> InferenceConfiguration {
        var configuration = InferenceConfiguration(workers: workers)
        configuration.requestTimeout = nil
        return configuration
    }
}

extension ServiceHandler {
    /// The answer to a whole request, as the server would get it.
    func answer(to request: Request, _ arrival: Arrival) async -> Response {
        switch reply(to: request, arrival) {
        case .answer(let response): response
        case .work(let work): await work.run()
        }
    }

    /// The reply to a whole request, as the server would get it.
    func reply(to request: Request, _ arrival: Arrival) -> Reply {
        switch judge(request.head, body: .none, client: arrival.client) {
        case .answer(let response): .answer(response)
        case .plan(let plan): plan.begin(request, arrival)
        }
    }
}

/// The whole service without sockets: requests go to the handler as the server would hand them over.
struct TestService {
    let handler: ServiceHandler

    /// A service with the bundled classifier, which all tests share.
    static func bundled() throws -> TestService {
        try TestService(#require(sharedInference))
    }

    private static let sharedInference: InferenceService? = try? InferenceService(
        model: LoadedModel(directory: ModelFolder.bundled),
        configuration: .patient(workers: 2)
    )

    /// A service without a model, as it is while the model is loading.
    static func loading() -> TestService { TestService(handler: ServiceHandler()) }

    private init(handler: ServiceHandler) {
        self.handler = handler
    }

    init(_ inference: InferenceService) {
        handler = ServiceHandler()
        handler.state.update {
            $0.inference = inference
            // The limit is an hour, because on a busy machine a batch of a debug build takes longer than any limit of
            // the service.
            $0.watch = EngineWatch(inference, limit: .seconds(3600), logger: Logger(label: "test"))
        }
    }

    /// An answer with its body read to the end.
    struct Answer {
        let status: Int
        let fields: HTTPFields
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var json: JSONValue { get throws { try JSONParser.parse(bytes) } }
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: String = "",
        contentType: String? = "application/json",
        fields: HTTPFields = [:]
    ) async throws -> Answer {
        try await send(method, path, Array(body.utf8), contentType: contentType, fields: fields)
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        contentType: String? = "application/json",
        fields: HTTPFields = [:]
    ) async throws -> Answer {
        var head = HTTPRequest(
            method: try #require(HTTPRequest.Method(method)),
            scheme: "http",
            authority: "localhost",
            path: path,
            headerFields: fields
        )
        if let contentType { head.headerFields[.contentType] = contentType }
        let request = Request(head: head, version: .http11, body: body)
        let arrival = Arrival()
        let answer = await handler.answer(to: request, arrival)
        // The server makes this call when it has sent the answer.
        answer.record?.began(status: answer.head.status.code, bytes: 0, isComplete: true)
        var bytes: [UInt8] = []
        switch answer.body {
        case .bytes(let all): bytes = all
        case .stream(let next): while let piece = try await next() { bytes += piece }
        }
        return Answer(status: answer.head.status.code, fields: answer.head.headerFields, bytes: bytes)
    }

    /// The JSON that a POST is answered with, which must be a success.
    func post(_ path: String, _ body: String) async throws -> JSONValue {
        let answer = try await send("POST", path, body)
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.json
    }
}
