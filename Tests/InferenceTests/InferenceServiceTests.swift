import Batching
import Encoder
import TestSupport
import Testing
import Tokenization

@testable import Inference

@Suite("The inference service", .timeLimit(.minutes(10)))
struct InferenceServiceTests {
    private func service(_ change: (inout InferenceConfiguration) -> Void = { _ in }) throws -> InferenceService {
        var configuration = InferenceConfiguration(workers: 2)
        change(&configuration)
        return InferenceService(model: try LoadedModel(directory: ModelFolder.bundled), configuration: configuration)
    }

    /// Texts of 0 to 40 words from the vocabulary's own, the same in each run.
    private func texts(_ count: Int) -> [String] {
        let words = ["a", "dull", "film", "witty", "unbelievable", "Café", "字", "!", "seductive", "[MASK]", "zzzz"]
        var generator = SeededGenerator(seed: 11)
        return (0..<count).map { _ in
            (0..<Int.random(in: 0...40, using: &generator))
                .map { _ in words[Int.random(in: words.indices, using: &generator)] }
                .joined(separator: " ")
        }
    }

    /// The largest difference, as a part of the largest value.
    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        guard a.count == b.count else { return .infinity }
        let range = a.map(\.magnitude).max() ?? 0
        return (zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0) / max(range, .leastNormalMagnitude)
    }

    @Test("gives a text alone what it gives it in any batch, to 1e-5 of the range")
    func batchInvariance() async throws {
        let inference = try service()
        let texts = texts(16)
        let inputs = texts.map(TextInput.text)
        let together = try await inference.embedAll(inputs, options: InputOptions()).0.value
        let reversed = try await inference.embedAll(inputs.reversed(), options: InputOptions()).0.value
        let logits = try await inference.classify(inputs, options: ClassifyOptions()).value
        for (index, input) in inputs.enumerated() {
            let alone = try await inference.embedAll([input], options: InputOptions()).0.value[0]
            #expect(alone.shape == together[index].shape)
            #expect(difference(alone.values, together[index].values) <= 1e-5, "\(texts[index])")
            #expect(difference(alone.values, reversed[texts.count - 1 - index].values) <= 1e-5, "\(texts[index])")
            let labels = try await inference.classify([input], options: ClassifyOptions()).value[0]
            #expect(labels.map(\.label) == logits[index].map(\.label))
            #expect(difference(labels.map(\.logit), logits[index].map(\.logit)) <= 1e-5)
        }
        await inference.shutDown()
    }

    @Test("answers each of many concurrent requests with its own result")
    func concurrency() async throws {
        let inference = try service()
        let texts = texts(8)
        let expected = try await inference.embed(texts.map(TextInput.text), options: EmbedOptions()).value
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for request in 0..<80 {
                group.addTask {
                    let index = request % texts.count
                    let outcome = try await inference.embed([.text(texts[index])], options: EmbedOptions())
                    return (index, outcome.value[0])
                }
            }
            for try await (index, vector) in group { #expect(difference(vector, expected[index]) <= 1e-5) }
        }
        #expect(inference.statistics.waitingSequences == 0)
        await inference.shutDown()
    }

    @Test("drops cancelled requests, also ones cancelled before they began, and gives back what they held")
    func cancellation() async throws {
        let inference = try service()
        let long = TextInput.text(String(repeating: "dull ", count: 60))
        let tasks = (0..<24).map { index in
            let task = Task {
                // The vectors of all fit the allowance; what is left over would show at the end.
                try await inference.embedAll([long, .text("\(index)")], options: InputOptions()).0.value.count
            }
            if index.isMultiple(of: 2) { task.cancel() }
            return task
        }
        for (index, task) in tasks.enumerated() {
            switch await task.result {
            case .success(let count): #expect(count == 2)
            case .failure(let error): #expect(error is CancellationError && index.isMultiple(of: 2), "\(error)")
            }
        }
        #expect(inference.statistics.waitingSequences == 0 && inference.tokenVectors.inUse == 0)
        _ = try await inference.embed([.text("still here")], options: EmbedOptions())
        await inference.shutDown()
    }

    @Test("bounds the token vectors of one answer and of all answers being sent")
    func tokenVectorLimits() async throws {
        let inference = try service {
            $0.maxTokenVectorsPerRequest = 8
            $0.maxTokenVectorsHeld = 12
        }
        await #expect(throws: InferenceError.resultTooLarge(tokens: 9, limit: 8)) {
            try await inference.embedAll([.text("a a a a a a a")], options: InputOptions())
        }
        var held: Allowance.Holding? = try await inference.embedAll([.text("a a a a a a")], options: InputOptions()).1
        await #expect(throws: InferenceError.resultsHeldBack(limit: 12)) {
            try await inference.embedAll([.text("a a a a")], options: InputOptions())
        }
        #expect(held != nil && inference.tokenVectors.inUse == 8)
        held = nil
        _ = try await inference.embedAll([.text("a a a a")], options: InputOptions())
        #expect(inference.tokenVectors.inUse == 0)
        await inference.shutDown()
    }

    @Test("does not tokenize into more than one answer may carry, padding counted where it is asked for")
    func tokenizationLimit() async throws {
        let limit = 1000
        let inference = try service { $0.maxTokenizedTokens = limit }
        let long = TextInput.text(String(repeating: "!", count: limit / 100))
        var options = TokenizeOptions()
        let inputs = [long] + Array(repeating: TextInput.text(""), count: 100)
        #expect(try inference.tokenize(inputs, options: options).count == 101)
        options.isPadded = true
        let padded = #expect(throws: InferenceError.self) { try inference.tokenize(inputs, options: options) }
        #expect(padded == .tokenizationTooLarge(tokens: (limit / 100 + 2) * 101, limit: limit))
        options.isPadded = false
        #expect(throws: InferenceError.self) {
            try inference.tokenize(Array(repeating: long, count: 101), options: options)
        }
        options.input.maxLength = 5
        #expect(try inference.tokenize(Array(repeating: long, count: 101), options: options).count == 101)
        await inference.shutDown()
    }

    @Test("refuses lengths, counts and dimensions that nothing can have", arguments: [Int.min, -1, 0])
    func impossibleNumbers(number: Int) async throws {
        let inference = try service()
        var embed = EmbedOptions()
        embed.input.maxLength = number
        for input in [TextInput.ids([101, 102]), .text("a")] {
            await #expect(throws: InferenceError.invalidMaxLength(number, minimum: 1)) {
                try await inference.embed([input], options: embed)
            }
        }
        var classify = ClassifyOptions()
        classify.topK = number
        await #expect(throws: InferenceError.invalidTopK(number)) {
            try await inference.classify([.text("a")], options: classify)
        }
        embed = EmbedOptions()
        embed.dimensions = number
        await #expect(throws: InferenceError.invalidDimensions(number, limit: 256)) {
            try await inference.embed([.text("a")], options: embed)
        }
        await inference.shutDown()
    }

    @Test("cuts long lists of ids as it cuts texts: between their special tokens")
    func longIDs() async throws {
        let inference = try service()
        let body = [Int32](repeating: 2143, count: 999) + [2986]
        for (direction, kept) in [(TruncationDirection.right, Int32(2143)), (.left, 2986)] {
            let options = InputOptions(truncationDirection: direction, maxLength: 5)
            let (rows, usage) = try inference.encode([.ids([101] + body + [102]), .ids(body)], options)
            #expect(rows[0].ids.first == 101 && rows[0].ids.last == 102 && rows[0].ids[3] == kept)
            #expect(rows.map(\.ids.count) == [5, 5] && rows[1].ids[4] == kept && usage.truncatedInputs == 2)
        }
        await inference.shutDown()
    }

    @Test("cuts masks and types with their ids, and drops padding before it cuts and where cutting leaves it")
    func longArrays() async throws {
        let inference = try service()
        let ids: [Int32] = [101, 10, 11, 12, 13, 14, 102, 0]
        let arrays = InputArrays(
            inputIDs: ids,
            tokenTypeIDs: [0, 0, 1, 0, 1, 1, 1, 0],
            attentionMask: [1, 1, 1, 0, 0, 1, 1, 0]
        )
        #expect(arrays.inputIDs == Array(ids.prefix(7)) && arrays.attentionMask == [1, 1, 1, 0, 0, 1, 1])
        func cut(_ arrays: InputArrays, to length: Int, _ direction: TruncationDirection) throws -> Encoding {
            let options = InputOptions(truncationDirection: direction, maxLength: length)
            return try inference.encode([.arrays(arrays)], options).rows[0]
        }
        let right = try cut(arrays, to: 5, .right)
        #expect(right.ids == [101, 10, 11, 12, 102] && right.typeIDs == [0, 0, 1, 0, 1])
        #expect(right.attentionMask == [1, 1, 1, 0, 1] && right.truncatedTokenCount == 2)
        let left = try cut(arrays, to: 4, .left)
        #expect(left.ids == [101, 13, 14, 102] && left.attentionMask == [1, 0, 1, 1])
        #expect(try cut(arrays, to: 7, .right).truncatedTokenCount == 0)
        // Without a frame of special tokens the cut may end in what is masked.
        let bare = InputArrays(inputIDs: [10, 11, 12, 13, 14], attentionMask: [0, 1, 0, 0, 1])
        let shortened = try cut(bare, to: 3, .right)
        #expect(shortened.ids == [10, 11] && shortened.attentionMask == [0, 1])
        #expect(throws: InferenceError.nothingAttended(input: 0)) { try cut(bare, to: 1, .right) }
        let whole = InputArrays(inputIDs: [10, 11, 12], attentionMask: [1, 1, 0])
        #expect(whole == .init(inputIDs: [10, 11]) && InputArrays(inputIDs: [1], attentionMask: [0]).inputIDs == [])
        await inference.shutDown()
    }

    @Test("neither equal texts in flight nor the cache of results mix masks or types up")
    func masksInCache() async throws {
        let inference = try service { $0.batching.resultCacheBytes = 1 << 20 }
        let ids: [Int32] = [101, 2204, 2143, 102]
        let inputs: [TextInput] = [
            .ids(ids), .arrays(.init(inputIDs: ids, attentionMask: [1, 0, 1, 1])),
            .arrays(.init(inputIDs: ids, attentionMask: [0, 1, 1, 1])),
            .arrays(.init(inputIDs: ids, tokenTypeIDs: [0, 0, 1, 1])),
            .arrays(.init(inputIDs: ids, tokenTypeIDs: [0, 0, 0, 0], attentionMask: [1, 1, 1, 1])),
        ]
        let first = try await inference.embed(inputs, options: EmbedOptions()).value
        #expect(Set(first).count == 4 && first[0] == first[4])
        #expect(try await inference.embed(inputs.reversed(), options: EmbedOptions()).value == first.reversed())
        await inference.shutDown()
    }

    @Test("refuses work once it is shut down")
    func shutDown() async throws {
        let inference = try service()
        try await inference.warmUp()
        await inference.shutDown()
        await #expect(throws: SchedulerError.stopping) {
            try await inference.embed([.text("a")], options: EmbedOptions())
        }
    }
}
