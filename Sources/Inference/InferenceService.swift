package import Batching
import Compute
package import Encoder
import Synchronization
import Time
package import Tokenization

/// Limits of inference that an operator sets.
package struct InferenceConfiguration: Sendable {
    /// Engine workers: threads that each take batches of their own. 0 stands for the CPU budget.
    package var workers: Int
    /// How many workers that do not come back are replaced.
    package var maxWorkerReplacements = 8
    /// How large batches grow and how much may wait.
    package var batching = BatchPolicy()
    /// Whether an input that is too long is cut rather than refused, unless a request says otherwise.
    package var autoTruncate = true
    /// How `/embed` pools unless a request says otherwise; nil follows the model.
    package var defaultPooling: Pooling?
    /// The text that is put before the texts of a request that names no prompt; nil follows the model.
    package var defaultPrompt: String?
    /// Most inputs of one request. Its answer is made in one piece: 130 MB for as many vectors of the full-size model,
    /// 2 KB of floats and 6 KB of JSON each.
    package var maxClientBatchSize = 16_384
    /// How long a request may take unless it says otherwise; nil for no limit. Proxies commonly wait 60 s.
    package var requestTimeout: Duration? = .seconds(60)
    /// Most tokens of one input; nil, or more than the model takes, stands for the model's own limit.
    package var maxInputLength: Int?
    /// Most tokens whose vectors one answer carries. A token of the full-size model is 2 KB of floats and about
    /// 6 KB of JSON, so this bounds such an answer to 32 MB held and 100 MB written.
    package var maxTokenVectorsPerRequest = 16_384
    /// Most tokens whose vectors are held for all answers being sent: 256 MB for the full-size model.
    package var maxTokenVectorsHeld = 131_072
    /// Most tokens of one `/tokenize` answer, padding included where the request asks for it. A token takes about 80
    /// bytes of JSON, so this bounds an answer to 100 MB; without it, one long text among a thousand empty ones would
    /// be padded to gigabytes.
    package var maxTokenizedTokens = 1_048_576
    /// By how many steps of nice(2) the threads that compute and those that read and write JSON stand back behind the
    /// event loops: without that, the loops cannot even refuse what is too much, because there are more of the others.
    package var computeNice = 10
    /// How many requests are tokenized at once, as `/info` tells clients: the HTTP server's request threads.
    package var requestThreads = 1

    /// The default limits with a number of workers.
    package init(workers: Int = 0) {
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
    /// The token vectors that answers hold while they are sent.
    package let tokenVectors: Allowance

    /// Starts the workers.
    /// - Parameters:
    ///   - onBatch: told of every batch a worker finished, on that worker's thread.
    ///   - onWorkerStart: called on each worker's thread when it begins.
    package init(
        model: LoadedModel,
        configuration: InferenceConfiguration,
        onBatch: @escaping @Sendable (BatchReport) -> Void = { _ in },
        onWorkerStart: @escaping @Sendable () -> Void = {}
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
            onBatch: onBatch,
            onStart: onWorkerStart
        )
    }

    /// Most tokens of an input.
    package var maxInputLength: Int {
        min(model.maxInputLength, configuration.maxInputLength ?? model.maxInputLength)
    }

    /// - Throws: `InferenceError.noTokenizer` for a model that takes ids only.
    package func tokenizer() throws -> Tokenizer {
        guard let tokenizer = model.tokenizer else { throw InferenceError.noTokenizer(model: model.name) }
        return tokenizer
    }

    /// The scheduler's current state and its counts.
    package var statistics: SchedulerStatistics { scheduler.statistics }

    /// The length, in tokens, of the text that is measured at the start: short, because nobody is answered before.
    private static let measuredTokens = 32

    /// Runs the shortest possible input, so that the first client does not wait for memory to be touched, and so that
    /// an engine that cannot compute is never called ready. The first call also measures a longer input, so that the
    /// scheduler knows from its first batch what a batch costs.
    package func warmUp() async throws {
        let isFirst = statistics.secondsPerToken == 0
        for count in isFirst ? [1, min(Self.measuredTokens, maxInputLength)] : [1] {
            // Other ids each time, because a cached result would prove nothing about the engine.
            let ids = (0..<count).map { _ in Int32.random(in: 0..<Int32(model.encoder.configuration.vocabularySize)) }
            let types = [Int32](repeating: 0, count: count)
            let sequence = InputSequence(inputIDs: ids, tokenTypeIDs: types, task: OutputRequest.pooled(.mean))
            for result in try await scheduler.run([sequence]).results { _ = try result.get() }
        }
    }

    /// The first ``warmUp()``. If values are not finite, it names the weights at fault.
    package func start() async throws {
        do { try await warmUp() } catch EncoderError.nonFinite { throw model.causeOfNonFinite() }
    }

    /// Gives up workers whose batch has not ended within a limit, and has others take their place.
    /// - Returns: how many were given up.
    package func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int {
        scheduler.giveUpStuckWorkers(after: limit, elapsed: elapsed)
    }

    /// Refuses a request that would be refused for lack of time or capacity whatever it asks, before its JSON is read.
    /// Does nothing if results are cached, because a cached result can be given in any case.
    ///
    /// - Parameters:
    ///   - jobsBefore: the jobs that wait for a request thread now. Most of them are requests on their way.
    ///   - delay: how long the request will wait for them.
    package func checkCapacity(
        for options: RequestOptions,
        jobsBefore: Int = 0,
        delay: Duration = .zero
    ) throws(SchedulerError) {
        if let deadline = options.deadline, deadline <= .now { throw .deadlineExceeded }
        guard configuration.batching.resultCacheBytes == 0 else { return }
        let refusal = scheduler.refusal(
            priority: options.priority,
            deadline: options.deadline,
            requestsBefore: jobsBefore,
            delay: delay
        )
        if let refusal { throw refusal }
    }

    /// Whether every worker has its next batch without a new request.
    ///
    /// - Parameter jobsBefore: as for ``checkCapacity(for:jobsBefore:delay:)``.
    package func hasFullBatches(jobsBefore: Int) -> Bool { scheduler.hasFullBatches(requestsBefore: jobsBefore) }

    /// Finishes what waits and ends the workers.
    package func shutDown() async {
        await scheduler.shutDown(finishingQueue: true)
    }

    /// The labels of each input with scores and logits, best first.
    package func classify(
        _ inputs: [TextInput],
        options: ClassifyOptions
    ) async throws -> Outcome<[[Classification]]> {
        let classifier = try classifier()
        if let topK = options.topK, topK < 1 { throw InferenceError.invalidTopK(topK) }
        let temperature = try options.isCalibrated ? classifier.temperature(for: options.function) : nil
        let (rows, usage) = try encode(inputs, options.input)
        let outcome = try await distinctOutputs(of: rows, usage: usage) { _ in .logits }
        let labels = outcome.value.map { output in
            let scores =
                temperature.map { classifier.calibratedScores(logits: output.values, temperature: $0) }
                ?? classifier.scores(logits: output.values, by: options.function)
            let ranked = classifier.labels.indices
                .map { Classification(label: classifier.labels[$0], score: scores[$0], logit: output.values[$0]) }
                .sorted { $0.logit > $1.logit }
            return Array(ranked.prefix(options.topK ?? ranked.count))
        }
        return Outcome(value: labels.all, usage: outcome.usage)
    }
}

extension SequenceClassifier {
    /// Whether requests may ask for calibrated scores.
    package var isCalibrated: Bool { problemType != .regression && temperature != nil }

    /// The temperature for calibrated scores.
    ///
    /// - Parameter function: the function that the request asks for; nil for the problem type's own.
    /// - Throws: `notCalibrated` where there is none, `calibratedOtherwise` for another function than its own.
    package func temperature(for function: ScoreFunction? = nil) throws(InferenceError) -> Double {
        guard isCalibrated, let temperature else {
            throw .notCalibrated(isRegression: problemType == .regression)
        }
        let own = problemType.scoreFunction
        if let function, function != own { throw .calibratedOtherwise(function, own: own) }
        return temperature
    }
}

/// A counted permission to hold something large. Guarded by its own lock.
package final class Allowance: Sendable {
    /// The most that may be held at once.
    package let limit: Int
    private let used = Mutex(0)

    /// An allowance with nothing taken.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The amount that has been taken and not given back.
    package var inUse: Int { used.withLock { $0 } }

    /// Takes an amount; nil if it would go beyond the limit. The amount is given back when the holding is released.
    package func take(_ amount: Int) -> Holding? {
        let taken = used.withLock { used in
            guard amount <= limit - used else { return false }
            used += amount
            return true
        }
        return taken ? Holding(amount: amount, of: self) : nil
    }

    /// An amount that is held for as long as this object lives.
    package final class Holding: Sendable {
        private let amount: Int
        private let allowance: Allowance

        fileprivate init(amount: Int, of allowance: Allowance) {
            self.amount = amount
            self.allowance = allowance
        }

        deinit {
            allowance.used.withLock { $0 -= amount }
        }
    }
}
