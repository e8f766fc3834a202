import Batching
package import Encoder
package import Tokenization

extension InferenceService {
    /// Checks that the checkpoint has a head, before anything is done for it.
    package func require(_ head: Head) throws(InferenceError) {
        let heads = model.encoder.heads
        guard !heads.contains(head) else { return }
        let available = Head.allCases.filter(heads.contains)
        throw .missingHead(needed: head, available: available, architecture: model.architecture)
    }

    /// The sequence classification head.
    func classifier() throws(InferenceError) -> SequenceClassifier {
        try require(.sequenceClassification)
        guard let classifier = model.encoder.classifier else {
            preconditionFailure("a model with that head has a classifier")
        }
        return classifier
    }

    /// Tokenizes inputs and runs the model on them.
    ///
    /// - Parameter prompting: whether a prompt goes before each text.
    package func run(
        _ inputs: [TextInput],
        _ options: InputOptions,
        prompting: Bool = false,
        computing request: OutputRequest
    ) async throws -> Outcome<[EncoderOutput]> {
        let (rows, usage) = try encode(inputs, options, prompting: prompting)
        return try await outputs(of: rows, request, usage: usage)
    }

    /// Runs a task that makes several rows of each of its inputs, so that an error names the input.
    ///
    /// - Parameter input: the index of the input that a row was made of.
    func naming<Value>(
        _ input: (Int) -> Int,
        _ task: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await task()
        } catch InferenceError.tooLong(let row, let tokens, let limit) {
            throw InferenceError.tooLong(input: input(row), tokens: tokens, limit: limit)
        } catch InferenceError.inputFailed(let row, let reason) {
            throw InferenceError.inputFailed(input: input(row), reason: reason)
        }
    }

    /// What the model gives for encodings, one output each and all of one kind.
    ///
    /// - Parameter usage: what making the encodings has cost.
    package func outputs(
        of encodings: [Encoding],
        _ request: OutputRequest,
        usage: Usage = Usage()
    ) async throws -> Outcome<[EncoderOutput]> {
        try await outputs(of: encodings, usage: usage) { _ in request }
    }

    /// What the model gives for encodings, each its own kind of output, in the current task's ``RequestOptions``.
    ///
    /// Every way to the engine leads through here. Whether the checkpoint has the head is asked before, by
    /// ``require(_:)``, and only the scheduler bounds the number of encodings.
    ///
    /// - Parameters:
    ///   - usage: what making the encodings has cost; lengths and tokens are counted here.
    ///   - request: what is asked of the encoding with an index.
    /// - Throws: `inputFailed` with the encoding's index; `SchedulerError`.
    package func outputs(
        of encodings: [Encoding],
        usage: Usage = Usage(),
        requesting request: (Int) -> OutputRequest
    ) async throws -> Outcome<[EncoderOutput]> {
        var usage = usage
        var rows: [BatchRow<OutputRequest>] = []
        rows.reserveCapacity(encodings.count)
        for (index, encoding) in encodings.enumerated() {
            let request = request(index)
            usage.isPrediction = usage.isPrediction || !request.heads.isEmpty
            usage.tokens += encoding.count
            usage.inputLengths.append(encoding.count)
            rows.append(BatchRow(inputIDs: encoding.ids, tokenTypeIDs: encoding.typeIDs, task: request))
        }
        let options = RequestOptions.current
        let result = try await scheduler.run(rows, priority: options.priority, deadline: options.deadline)
        let outputs = try result.rows.enumerated().map { index, row in
            do { return try row.get() } catch let error as EncoderError {
                throw InferenceError.inputFailed(input: index, reason: "\(error)")
            }
        }
        usage.queueTime += result.queueTime
        usage.inferenceTime += result.computeTime
        return Outcome(value: outputs, usage: usage)
    }
}
