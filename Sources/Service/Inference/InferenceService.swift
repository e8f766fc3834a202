package import Batching
package import Encoder
import Tokenization

/// Limits of inference that an operator sets.
package struct InferenceConfiguration: Sendable {
    /// Engine threads; each takes batches of its own.
    package var workers: Int
    /// How many of them are replaced when they do not come back.
    package var maxWorkerReplacements = 0
    /// How large batches grow and how much may wait.
    package var batching = BatchPolicy()
    /// What happens to inputs that are too long when the request does not say.
    package var autoTruncate = true
    /// How `/embed` pools where a request does not say; nil leaves it to the model.
    package var defaultPooling: Pooling?
    /// What is put before the texts of a request that names no prompt; nil leaves it to the model.
    package var defaultPrompt: String?
    /// Most inputs of one request. Its answer is made in one piece: 130 MB for as many vectors of the full-size model,
    /// 2 KB of floats and 6 KB of JSON each.
    package var maxClientBatchSize = 16_384
    /// How long a request may take that does not say; nil: as long as it takes.
    package var requestTimeout: Duration?
    /// Most tokens of one input; nil or more than the model takes means what the model takes.
    package var maxInputLength: Int?
    /// Most tokens whose vectors one answer carries. A token of the full-size model is 2 KB of floats and about
    /// 6 KB of JSON, so this bounds such an answer to 32 MB held and 100 MB written.
    package var maxTokenVectorsPerRequest = 16_384
    /// Most tokens whose vectors are held for all answers being sent: 256 MB for the full-size model.
    package var maxTokenVectorsHeld = 131_072
    /// Most tokens that `/tokenize` answers with, padding included where it is asked for. A token takes about 80 bytes
    /// of JSON, so this bounds an answer to 100 MB; unbounded, one long text among a thousand empty ones would be
    /// padded to gigabytes.
    package var maxTokenizedTokens = 1_048_576
    /// How many requests at once are tokenized; only told to clients.
    package var requestThreads = 1

    /// The default limits with a number of workers, at least 1.
    package init(workers: Int) {
        self.workers = workers
    }
}

/// Texts in, vectors and labels out: tokenizes on the caller's thread, runs batches on the engine's workers.
///
/// Everything here is immutable after init but the scheduler and the token-vector allowance, which guard themselves.
package final class InferenceService: Sendable {
    /// The model that is served.
    package let model: LoadedModel
    /// The limits in force.
    package let configuration: InferenceConfiguration
    let scheduler: BatchScheduler<EncoderEngine>
    let tokenVectors: Allowance

    /// Starts the workers.
    /// - Parameter onBatch: told of every batch a worker finished, on that worker's thread.
    package init(
        model: LoadedModel,
        configuration: InferenceConfiguration,
        onBatch: @escaping @Sendable (BatchReport) -> Void = { _ in }
    ) {
        self.model = model
        self.configuration = configuration
        self.tokenVectors = Allowance(limit: configuration.maxTokenVectorsHeld)
        self.scheduler = BatchScheduler(
            engine: EncoderEngine(model: model.encoder, workers: configuration.workers),
            workers: configuration.workers,
            maxReplacements: configuration.maxWorkerReplacements,
            policy: configuration.batching,
            padTokenID: model.tokenizer?.padTokenID ?? 0,
            onBatch: onBatch
        )
    }

    /// Most tokens of an input.
    package var maxInputLength: Int {
        min(model.maxInputLength, configuration.maxInputLength ?? model.maxInputLength)
    }

    /// - Throws: `InferenceError.noTokenizer` for a model that takes ids only.
    func tokenizer() throws -> Tokenizer {
        guard let tokenizer = model.tokenizer else { throw InferenceError.noTokenizer(model: model.name) }
        return tokenizer
    }

    /// What the scheduler is doing now and has done.
    package var statistics: SchedulerStatistics { scheduler.statistics }

    /// Tokens of the text that is measured at the start.
    private static let measuredTokens = 128

    /// Runs the shortest input there is, so that the first client does not wait for memory to be touched, and so
    /// that what cannot compute is known before it is called ready. The first time it measures a longer one besides,
    /// for the scheduler to know from its first batch what one costs.
    package func warmUp() async throws {
        let isFirst = statistics.secondsPerToken == 0
        for count in isFirst ? [1, min(Self.measuredTokens, maxInputLength)] : [1] {
            // Others each time: a kept result would prove nothing of the engine.
            let ids = (0..<count).map { _ in Int32.random(in: 0..<Int32(model.encoder.configuration.vocabularySize)) }
            let types = [Int32](repeating: 0, count: count)
            let row = BatchRow(inputIDs: ids, tokenTypeIDs: types, task: OutputRequest.pooled(.mean))
            for result in try await scheduler.run([row]).rows { _ = try result.get() }
        }
    }

    /// The first ``warmUp()``, which names the weights at fault where values are not finite.
    package func start() async throws {
        do { try await warmUp() } catch EncoderError.nonFinite { throw model.causeOfNonFinite() }
    }

    /// Refuses a request that would be refused for want of time or room whatever it asks, before its body is read.
    /// Not where results are kept: they would be given in any case.
    package func checkRoom(for options: RequestOptions) throws(SchedulerError) {
        guard configuration.batching.resultCacheBytes == 0 else { return }
        if let refusal = scheduler.refusal(priority: options.priority, deadline: options.deadline) { throw refusal }
    }

    /// Finishes what waits and ends the workers.
    package func shutDown() async {
        await scheduler.shutDown(finishingQueue: true)
    }

    /// Labels with scores and logits of each input, best first.
    package func classify(
        _ inputs: [TextInput],
        options: ClassifyOptions
    ) async throws -> Outcome<[[Classification]]> {
        let classifier = try classifier()
        if let topK = options.topK, topK < 1 { throw InferenceError.invalidTopK(topK) }
        let outcome = try await run(inputs, options.input, computing: .logits)
        let labels = outcome.value.map { output in
            let scores = classifier.scores(logits: output.values, by: options.function)
            let ranked = classifier.labels.indices
                .map { Classification(label: classifier.labels[$0], score: scores[$0], logit: output.values[$0]) }
                .sorted { $0.logit > $1.logit }
            return Array(ranked.prefix(options.topK ?? ranked.count))
        }
        return Outcome(value: labels, usage: outcome.usage)
    }
}
