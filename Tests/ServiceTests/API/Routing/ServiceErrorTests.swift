import Batching
import Testing

@testable import Service

@Suite("Errors as answers")
struct ServiceErrorTests {
    @Test(
        "each error has text-embeddings-inference's status and type",
        arguments: [
            (InferenceError.noInputs as any Error, 400, "Empty"),
            (InferenceError.tooManyInputs(count: 2, limit: 1), 422, "Validation"),
            (InferenceError.tooLong(input: 0, tokens: 9, limit: 8), 422, "Validation"),
            (InferenceError.noClassifier(architecture: "MobileBertModel"), 424, "Backend"),
            (InferenceError.inputFailed(input: 3, reason: "NaN"), 424, "Backend"),
            (SchedulerError.overloaded(waitingRows: 1, waitingTokens: 2), 429, "Overloaded"),
            (SchedulerError.tooLarge(rows: 1, tokens: 2, maxRows: 1, maxTokens: 1), 422, "Validation"),
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

    @Test("overload tells when to come back")
    func retryAfter() {
        #expect(ServiceError(SchedulerError.overloaded(waitingRows: 1, waitingTokens: 2)).retryAfter != nil)
        #expect(ServiceError(InferenceError.resultsHeldBack(limit: 1)).retryAfter != nil)
    }
}
