import Batching
import Budget
import Compute
package import Encoder
package import Tokenization

extension InferenceService {
    /// Checks that the checkpoint has a head, before any work is done.
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

    /// Runs a task that makes several sequences of each input. An error names the input.
    ///
    /// - Parameter input: the index of the input of a sequence.
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

    /// The model's outputs for encodings, one each and all of one kind.
    ///
    /// - Parameter usage: the cost of making the encodings.
    package func outputs(
        of encodings: [Encoding],
        _ request: OutputRequest,
        usage: Usage = Usage()
    ) async throws -> Outcome<[EncoderOutput]> {
        try await outputs(of: encodings, usage: usage) { _ in request }
    }

    /// The model's outputs for encodings, each of its own kind, under the current task's ``RequestOptions``.
    ///
    /// All work for the engine goes through here. ``require(_:)`` has checked before that the checkpoint has the head;
    /// only the scheduler bounds the number of encodings.
    ///
    /// - Parameters:
    ///   - usage: the cost of making the encodings; lengths and tokens are added here.
    ///   - request: the output that is wanted for the encoding with an index.
    /// - Throws: `inputFailed` with the encoding's index; `SchedulerError`.
    package func outputs(
        of encodings: [Encoding],
        usage: Usage = Usage(),
        requesting request: (Int) -> OutputRequest
    ) async throws -> Outcome<[EncoderOutput]> {
        let outcome = try await distinctOutputs(of: encodings, usage: usage, requesting: request)
        return Outcome(value: outcome.value.all, usage: outcome.usage)
    }

    /// The model's outputs for encodings, of which equal ones are stored once.
    func distinctOutputs(
        of encodings: [Encoding],
        usage: Usage = Usage(),
        requesting request: (Int) -> OutputRequest
    ) async throws -> Outcome<Shared<EncoderOutput>> {
        var usage = usage
        var sequences: [InputSequence<OutputRequest>] = []
        // The index of the first encoding of each sequence, and the sequence of each encoding.
        var firsts: [Int] = []
        var places: [Int] = []
        places.reserveCapacity(encodings.count)
        var known: [InputSequence<OutputRequest>: Int] = [:]
        for (index, encoding) in encodings.enumerated() {
            let request = request(index)
            usage.isPrediction = usage.isPrediction || !request.heads.isEmpty
            usage.tokens += encoding.count
            usage.inputLengths.append(encoding.count)
            let sequence = InputSequence(
                inputIDs: encoding.ids,
                tokenTypeIDs: encoding.typeIDs,
                attentionMask: encoding.attentionMask,
                task: request
            )
            let place = encodings.count > 1 ? known[sequence] : nil
            places.append(place ?? sequences.count)
            guard place == nil else { continue }
            known[sequence] = sequences.count
            firsts.append(index)
            sequences.append(sequence)
            let bytes = valueCount(request, tokens: encoding.count) * MemoryLayout<Float>.stride
            try RequestMemory.take(bytes + Self.bytesPerSequence, for: .results)
        }
        let options = RequestOptions.current
        let result = try await scheduler.run(sequences, priority: options.priority, deadline: options.deadline)
        let outputs = try zip(firsts, result.results).map { index, result in
            do { return try result.get() } catch let error as EncoderError {
                throw InferenceError.inputFailed(input: index, reason: "\(error)")
            }
        }
        usage.queueTime += result.queueTime
        usage.inferenceTime += result.computeTime
        return Outcome(value: Shared(distinct: outputs, places: places), usage: usage)
    }

    /// The memory of a sequence in the queue and of its result, beside ids and values.
    private static let bytesPerSequence = 512

    /// About how many numbers an output has.
    private func valueCount(_ request: OutputRequest, tokens: Int) -> Int {
        let configuration = model.encoder.configuration
        return switch request {
        case .pooled: configuration.hiddenSize
        case .jointlyPooled(let poolings, _): poolings.count * configuration.hiddenSize
        case .lastHiddenState: tokens * configuration.hiddenSize
        case .hiddenStates(let layers):
            tokens * configuration.hiddenSize * (layers?.count ?? configuration.layerCount + 1)
        case .logits, .nextSentenceLogits: max(2, configuration.labels.count)
        case .tokenLogits: tokens * configuration.labels.count
        case .spanLogits: tokens * 2
        case .maskedTokenLogits(let positions): positions.count * configuration.vocabularySize
        }
    }
}

/// Values for all inputs of a request, of which equal ones are held once.
struct Shared<Value: Sendable>: Sendable {
    /// The values, each once.
    var distinct: [Value]
    /// The index in `distinct` for each input.
    var places: [Int]

    /// A value for each input.
    var all: [Value] { places.map { distinct[$0] } }

    /// The results of a function for the values. It is called once for each distinct value.
    func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Shared<Other> {
        Shared<Other>(distinct: try distinct.map(transform), places: places)
    }
}

extension InferenceService {
    /// The most windows of one request. A sequence of 384 tokens takes about 10 KB until the last window is computed.
    package static let maxWindows = 8192

    /// The model's outputs for inputs that are divided into windows.
    ///
    /// - Parameter counts: how many encodings each input has, in order. Usage and errors count inputs, not windows.
    func outputs(
        ofWindows encodings: [Encoding],
        counts: [Int],
        _ request: OutputRequest,
        usage: Usage
    ) async throws -> Outcome<[EncoderOutput]> {
        let outcome: Outcome<[EncoderOutput]>
        do {
            outcome = try await outputs(of: encodings, request, usage: usage)
        } catch InferenceError.inputFailed(let row, let reason) {
            var (input, end) = (0, counts[0])
            while end <= row {
                input += 1
                end += counts[input]
            }
            throw InferenceError.inputFailed(input: input, reason: reason)
        }
        var usage = outcome.usage
        var rows = encodings[...]
        usage.inputLengths = counts.map { count in
            defer { rows = rows.dropFirst(count) }
            return rows.prefix(count).reduce(0) { $0 + $1.count }
        }
        return Outcome(value: outcome.value, usage: usage)
    }

    /// Checks that an option is at least `minimum`, and at most `maximum`.
    func check(
        _ option: String,
        _ value: Int,
        atLeast minimum: Int,
        atMost maximum: Int? = nil
    ) throws(InferenceError) {
        guard value < minimum || value > maximum ?? .max else { return }
        throw .optionOutOfRange(option, given: value, minimum: minimum, maximum: maximum)
    }

    /// Checks the number of a request's windows so far.
    func checkWindows(_ count: Int) throws(InferenceError) {
        guard count <= Self.maxWindows else { throw .tooManyWindows(count: count, limit: Self.maxWindows) }
    }
}
