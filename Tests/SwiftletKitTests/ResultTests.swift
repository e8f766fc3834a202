import Encoder
import Inference
import SwiftletKit
import TestSupport
import Testing
import Tokenization

/// Compares each public call with the engine's own answer for the same folder.
@Suite("A text model's results", .timeLimit(.minutes(10)))
struct ResultTests {
    private static let folders = ModelFolder.repository + "/Tests/Fixtures/folders/"

    /// Calls `body` with both ways to the same model.
    private func with(_ folder: String, _ body: (TextModel, InferenceService) async throws -> Void) async throws {
        let service = InferenceService(
            model: try LoadedModel(directory: folder),
            configuration: InferenceConfiguration(workers: 1)
        )
        try await body(try await TextModel(folder, options: .init(threads: 2)), service)
        await service.shutDown()
    }

    private let texts = ["A gorgeous, witty, seductive movie.", "a dull film", "", "Café 字 🙂 nothing"]

    @Test("embed as the service does, pooled in each way, cut and not normalized")
    func embeddings() async throws {
        try await with(ModelFolder.bundled) { model, service in
            let inputs = texts.map(TextInput.text)
            let plain = try await service.embed(inputs, options: EmbedOptions()).value
            #expect(try await model.embed(texts) == plain)
            #expect(try await model.embed(texts[0]) == plain[0])
            for pooling in TextModel.Pooling.allCases {
                var options = EmbedOptions()
                let known: Pooling = try #require(Pooling(rawValue: pooling.rawValue))
                options.pooling = known
                options.normalize = false
                options.dimensions = 5
                let wanted = TextModel.EmbeddingOptions(pooling: pooling, normalize: false, dimensions: 5)
                guard pooling != .pooler || service.model.encoder.hasPooler else { continue }
                let expected = try await service.embed(inputs, options: options).value
                #expect(try await model.embed(texts, options: wanted) == expected)
                #expect(expected[0].count == 5)
            }
            #expect(TextModel.Pooling.allCases.count == Pooling.allCases.count)
            let cosines = try await service.similarity(of: texts[0], to: texts, options: InputOptions()).value
            #expect(try await model.similarity(of: texts[0], to: texts) == cosines)
            #expect(abs(cosines[0] - 1) < 1e-5 && cosines[1] < 0.99)
        }
    }

    @Test("put a sentence-transformers folder's prompts before texts")
    func prompts() async throws {
        try await with(Self.folders + "054-mobilebert-sentences") { model, service in
            #expect(model.prompts == service.model.prompts.names)
            #expect(model.embeddingSize == service.embeddingSize)
            for name in model.prompts {
                var options = EmbedOptions()
                options.input.promptName = name
                let expected = try await service.embed([.text("a film")], options: options).value[0]
                #expect(try await model.embed("a film", options: .init(prompt: name)) == expected)
            }
        }
    }

    @Test("are the service's labels, best first")
    func labels() async throws {
        try await with(ModelFolder.bundled) { model, service in
            let expected = try await service.classify(texts.map(TextInput.text), options: ClassifyOptions()).value
            let labels = try await model.classify(texts)
            #expect(labels.map { $0.map(\.name) } == expected.map { $0.map(\.label) })
            #expect(labels.map { $0.map(\.score) } == expected.map { $0.map(\.score) })
            #expect(labels.map { $0.map(\.logit) } == expected.map { $0.map(\.logit) })
            #expect(try await model.classify(texts[0])[0].name == "POSITIVE")
            var options = ZeroShotOptions(labels: ["film", "food"])
            options.hypothesisTemplate = "About {}."
            options.isMultiLabel = true
            let judged = try await service.zeroShot(texts, options: options).value
            let own = try await model.zeroShot(
                texts,
                labels: ["film", "food"],
                hypothesis: "About {}.",
                isMultiLabel: true
            )
            #expect(own.map { $0.map(\.name) } == judged.map { $0.map(\.label) })
            #expect(own.map { $0.map(\.score) } == judged.map { $0.map(\.score) })
            let summing = try await model.zeroShot(texts[0], labels: ["film", "food"])
            #expect(abs(summing.map(\.score).reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("rank texts as the service does")
    func ranks() async throws {
        let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nfilm\ndull\nfine"
        try await ModelFolder.with(modelOf: ModelFolder.regression, ["vocab.txt": words]) { folder in
            try await with(folder) { model, service in
                let passages = ["a dull film", "a fine film", "fine", "dull dull"]
                let expected = try await service.rerank(query: "film", texts: passages, options: RerankOptions()).value
                let ranks = try await model.rerank(passages, for: "film")
                #expect(ranks.map(\.index) == expected.map(\.index) && ranks.map(\.score) == expected.map(\.score))
                #expect(Set(ranks.map(\.index)) == [0, 1, 2, 3])
            }
        }
    }

    @Test("label the same parts of texts", arguments: TextModel.Aggregation.allCases)
    func entities(aggregation: TextModel.Aggregation) async throws {
        try await with(Self.folders + "018-distilbert-tokens") { model, service in
            let texts = ["New York 🙂 the café was good", "and the river"]
            var options = TokenClassificationOptions()
            options.aggregation = try #require(AggregationStrategy(rawValue: aggregation.rawValue))
            let expected = try await service.classifyTokens(texts, options: options).value
            let found = try await model.labelTokens(texts, aggregation: aggregation)
            #expect(found.map { $0.map(\.label) } == expected.map { $0.map(\.label) })
            for (text, entities) in zip(texts, zip(found, expected)) {
                for (own, entity) in zip(entities.0, entities.1) {
                    let scalars = text.unicodeScalars.dropFirst(entity.start).prefix(entity.end - entity.start)
                    #expect(String(text[own.range]) == String(scalars))
                    #expect(own.score == Float(entity.score))
                }
            }
            #expect(!found.joined().isEmpty)
        }
    }

    @Test("find the same answers, in a context of several windows")
    func answers() async throws {
        try await with(Self.folders + "020-bert-answers") { model, service in
            let context = String(repeating: "é 🙂 the film was good in New York. ", count: 20)
            var options = QuestionAnsweringOptions()
            options.topK = 3
            let question = Question(question: "the film", context: context)
            let expected = try await service.answers(to: [question], options: options).value[0]
            let answers = try await model.answer("the film", in: context, count: 3)
            #expect(answers.map(\.text) == expected.map(\.text) && !answers.isEmpty)
            for (own, answer) in zip(answers, expected) {
                #expect(String(context[own.range]) == answer.text && own.score == Float(answer.score))
            }
            let error = await #expect(throws: SwiftletError.self) {
                _ = try await model.answer("the film", in: context, count: 0)
            }
            #expect(error?.kind == .invalidInput && error?.message.contains("`count`") == true)
        }
    }

    @Test("fill masks with the same candidates")
    func masks() async throws {
        try await with(Self.folders + "000-bert-masked") { model, service in
            let tokenizer = try service.tokenizer()
            let mask = try #require(tokenizer.maskTokenID.flatMap { tokenizer.token(id: $0) })
            let text = "the \(mask) was \(mask)"
            var options = FillMaskOptions()
            options.topK = 4
            let expected = try await service.fillMasks([.text(text)], options: options).value[0]
            let candidates = try await model.fillMask(text, count: 4)
            #expect(candidates.map { $0.map(\.id) } == expected.map { $0.map { Int($0.token) } })
            #expect(candidates.map { $0.map(\.text) } == expected.map { $0.map(\.sequence) })
            #expect(candidates.map { $0.map(\.score) } == expected.map { $0.map(\.score) })
            #expect(candidates.map(\.count) == [4, 4])
            let chosen = try await model.fillMask(text, targets: ["the"])
            #expect(chosen.map(\.count) == [1, 1])
        }
    }

    @Test("judge pairs and choices as the service does")
    func pairs() async throws {
        try await with(Self.folders + "013-bert-next") { model, service in
            let expected = try await service.nextSentence([.pair("the film", "was good")], options: InputOptions())
            #expect(try await model.follows("was good", after: "the film") == expected.value[0].isNext)
        }
        try await with(Self.folders + "005-bert-choice") { model, service in
            let question = ChoiceQuestion(prompt: "the film", choices: ["was good", "and", "the river"])
            let expected = try await service.choose([question], options: InputOptions()).value[0]
            let choice = try await model.choose(question.prompt, from: question.choices)
            #expect(choice.index == expected.index && choice.probabilities == expected.probabilities)
            let error = await #expect(throws: SwiftletError.self) { _ = try await model.choose("a", from: []) }
            #expect(error?.message == "`choices` must have at least one text")
        }
    }

    @Test("are the tokenizer's tokens, with their places in the text")
    func tokens() async throws {
        try await with(ModelFolder.bundled) { model, service in
            for text in texts {
                let encoding = try service.tokenizer().encode(text)
                let tokens = try await model.tokenize(text)
                #expect(tokens.map(\.id) == encoding.ids.map { Int($0) })
                for (token, bytes) in zip(tokens, encoding.offsets) {
                    guard let range = token.range else { continue }
                    let expected = text.utf8.dropFirst(Int(bytes.lowerBound)).prefix(bytes.count)
                    #expect(Array(text[range].utf8) == Array(expected))
                }
                #expect(tokens.first?.text == "[CLS]" && tokens.first?.range == nil)
                let bare = try await model.tokenize(text, addSpecialTokens: false)
                #expect(bare == tokens.dropFirst().dropLast())
                let decoded = try service.tokenizer().decode(encoding.ids)
                #expect(try await model.decode(tokens.map(\.id)) == decoded)
                #expect(try await model.decode(tokens.map(\.id), skipSpecialTokens: false).contains("[CLS]"))
            }
        }
    }
}
