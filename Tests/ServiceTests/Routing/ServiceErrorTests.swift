import Batching
import Encoder
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

@testable import Inference
@testable import Service

@Suite("Errors as answers")
struct ServiceErrorTests {
    @Test(
        "each error has text-embeddings-inference's status and type",
        arguments: [
            (InferenceError.noInputs as any Error, 400, "Empty"),
            (InferenceError.tooManyInputs(count: 2, limit: 1), 422, "Validation"),
            (InferenceError.tooLong(input: 0, tokens: 9, limit: 8), 422, "Validation"),
            (Self.missingHead, 424, "Backend"),
            (InferenceError.inputFailed(input: 3, reason: "NaN"), 424, "Backend"),
            (Self.overloaded, 429, "Overloaded"),
            (SchedulerError.deadlineExceeded, 504, "Timeout"),
            (SchedulerError.stopping, 503, "Unhealthy"),
            (SchedulerError.engineFailed("x"), 424, "Backend"),
            (CancellationError(), 499, "Cancelled"),
        ]
    )
    func mapping(_ error: any Error, status: Int, type: String) {
        let answer = ServiceError(error)
        #expect(answer.status == status)
        #expect(answer.kind.rawValue == type)
        #expect(!answer.message.isEmpty)
    }

    private static let missingHead = InferenceError.missingHead(
        needed: .sequenceClassification,
        available: [],
        architecture: "MobileBertModel"
    )

    private static let overloaded = SchedulerError.overloaded(
        .queueFull,
        waitingSequences: 1,
        waitingTokens: 2,
        retryAfter: .milliseconds(1234)
    )

    @Test("overload tells when to come back, in whole seconds and in milliseconds, neither too early")
    func retryAfter() {
        let fields = ErrorShape.tei.response(ServiceError(Self.overloaded)).head.headerFields
        #expect(fields[.retryAfter] == "2" && fields[.retryAfterMilliseconds] == "1234")
        #expect(ServiceError(InferenceError.resultsHeldBack(limit: 1)).retryAfter != nil)
    }
}
