import Checkpoint
import Encoder
import LinearAlgebra
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite("Loading weights")
struct LoadingTests {
    private func tensors(_ configuration: EncoderConfiguration, prefix: String = "") -> MemoryTensors {
        var generator = SeededGenerator(seed: 1)
        return .random(for: configuration, prefix: prefix, using: &generator)
    }

    private func output(
        _ configuration: EncoderConfiguration,
        _ tensors: MemoryTensors,
        _ options: ComputeOptions = ComputeOptions()
    ) throws -> EncoderOutput {
        let model = try EncoderModel(configuration: configuration, tensors: tensors, options: options)
        let batch: [TestText] = [(ids: [2, 7, 3], types: [0, 0, 1])]
        return try #require(model.results(batch, .lastHiddenState).first).get()
    }

    @Test("keys with and without the prefix mobilebert. make the same model")
    func prefix() throws {
        let configuration = try TestModels.configuration()
        let plain = try output(configuration, tensors(configuration))
        #expect(try output(configuration, tensors(configuration, prefix: "mobilebert.")) == plain)
    }

    @Test("gamma and beta, as old conversions called a norm's parameters, are understood")
    func oldNames() throws {
        let configuration = try TestModels.configuration()
        let current = tensors(configuration)
        var old = current
        for (name, tensor) in current.tensors where name.contains("LayerNorm") {
            old.tensors[name] = nil
            let renamed = name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
            old.tensors[renamed.replacing("LayerNorm.bias", with: "LayerNorm.beta")] = tensor
        }
        #expect(try output(configuration, old) == output(configuration, current))
    }

    @Test("any missing matrix is an error that names it and the file")
    func missing() throws {
        let configuration = try TestModels.classifier()
        let complete = tensors(configuration, prefix: "mobilebert.")
        for (name, tensor) in complete.tensors where tensor.shape.count > 1 {
            var incomplete = complete
            incomplete.tensors[name] = nil
            #expect(throws: ModelError.missingTensor(file: "memory", tensor: name)) {
                try EncoderModel(configuration: configuration, tensors: incomplete)
            }
        }
    }

    @Test("a DistilBERT's sines and cosines that the file lacks are those of transformers 5.23")
    func sinusoids() throws {
        let table: [Float] = [
            0.0, 1.0, 0.0, 1.0, 0.84147096, 0.5403023, 0.009999833, 0.99995,
            0.9092974, -0.41614684, 0.019998666, 0.9998, 0.14112, -0.9899925, 0.029995501, 0.99955004,
        ]
        let keys = ["model_type": "\"distilbert\"", "hidden_size": "4", "max_position_embeddings": "4"]
        let configuration = try TestModels.configuration(keys.merging(["sinusoidal_pos_embds": "true"]) { $1 })
        let name = "embeddings.position_embeddings.weight"
        var (complete, incomplete) = (tensors(configuration), tensors(configuration))
        complete.tensors[name] = (table, [4, 4])
        incomplete.tensors[name] = nil
        #expect(try output(configuration, incomplete) == output(configuration, complete))
        #expect(throws: ModelError.missingTensor(file: "memory", tensor: name)) {
            try output(TestModels.configuration(keys), incomplete)
        }
    }

    @Test("missing biases are 0 and missing norm weights 1, as transformers initializes them, with a warning")
    func filled() throws {
        let configuration = try TestModels.classifier()
        let complete = tensors(configuration, prefix: "mobilebert.")
        for (name, tensor) in complete.tensors where tensor.shape.count == 1 {
            let value: Float = name.hasSuffix("LayerNorm.weight") ? 1 : 0
            var (incomplete, filled) = (complete, complete)
            incomplete.tensors[name] = nil
            filled.tensors[name] = (Array(repeating: value, count: tensor.shape[0]), tensor.shape)
            #expect(try output(configuration, incomplete) == output(configuration, filled), "\(name)")
            let warnings = try EncoderModel(configuration: configuration, tensors: incomplete).warnings
            #expect(
                warnings == ["memory: not there, so all \(Int(value)), as in transformers: \"\(name)\", 1 in all"],
                "\(name)"
            )
        }
    }

    @Test("any tensor of a wrong shape is an error that names it and both shapes")
    func wrongShape() throws {
        let configuration = try TestModels.configuration()
        let right = tensors(configuration)
        for name in right.tensorNames {
            var wrong = right
            wrong.tensors[name] = ([0], [1, 1])
            let error = #expect(throws: ModelError.self) {
                try EncoderModel(configuration: configuration, tensors: wrong)
            }
            #expect(
                error?.description.contains(name) == true && error?.description.contains("[1, 1]") == true,
                "\(name)"
            )
        }
    }

    @Test("several missing tensors are named together")
    func manyMissing() throws {
        let configuration = try TestModels.classifier()
        var incomplete = tensors(configuration, prefix: "mobilebert.")
        // With the pooler's bias left, since without both the rest is a head for tokens.
        let gone = incomplete.tensorNames.filter { $0.contains("layer.1.") || $0.hasSuffix("pooler.dense.weight") }
        let missing = gone.filter { incomplete.tensors[$0]?.shape.count == 2 }
        for name in gone { incomplete.tensors[name] = nil }
        #expect(throws: ModelError.missingTensors(file: "memory", tensors: missing)) {
            try EncoderModel(configuration: configuration, tensors: incomplete)
        }
    }

    @Test("tensors that nothing takes are left out with one warning that names them, further layers among them")
    func unexpected() throws {
        let configuration = try TestModels.configuration()
        let plain = try output(configuration, tensors(configuration))
        let names = ["cls.predictions.surprise", "encoder.layer.2.output.dense.weight", "logit_scale", "surprise"]
        var extra = tensors(configuration)
        for name in names { extra.tensors[name] = ([0], [1]) }
        // A module without a part of the model stands for its tensors, so that many of them hide no other.
        for index in 0..<29 { extra.tensors["teacher.layer.\(index).weight"] = ([0], [1]) }
        for index in 3..<9 { extra.tensors["encoder.layer.2.part\(index)"] = ([0], [1]) }
        #expect(try output(configuration, extra) == plain)
        let named = names + ["encoder.layer.2.part8", "teacher.*"]
        let warnings = try EncoderModel(configuration: configuration, tensors: extra).warnings
        #expect(warnings.count == 1 && named.allSatisfy { warnings[0].contains($0) }, "\(warnings)")
        #expect(try EncoderModel(configuration: configuration, tensors: tensors(configuration)).warnings.isEmpty)
    }

    @Test(
        "a prefix around the whole checkpoint is taken off with a warning",
        arguments: ["module.", "model.", "module.model.", "_orig_mod.", "anything.at.all."],
        ["", "mobilebert."]
    )
    func wrapped(_ wrapper: String, _ prefix: String) throws {
        let configuration = try TestModels.classifier()
        let plain = tensors(configuration, prefix: prefix)
        var wrapped = plain
        wrapped.tensors = Dictionary(uniqueKeysWithValues: plain.tensors.map { (wrapper + $0, $1) })
        #expect(try output(configuration, wrapped) == output(configuration, plain))
        let model = try EncoderModel(configuration: configuration, tensors: wrapped)
        #expect(model.heads == [.sequenceClassification] && model.warnings.count == 1)
        #expect(model.warnings[0].contains("\"\(wrapper)\""))
        // A tensor beside the model, such as a loss's, changes nothing, unless the prefix is an unknown one.
        wrapped.tensors["criterion.weight"] = ([0], [1])
        if wrapper.hasPrefix("anything") {
            #expect(throws: ModelError.self) { try EncoderModel(configuration: configuration, tensors: wrapped) }
        } else {
            #expect(try output(configuration, wrapped) == output(configuration, plain))
        }
    }

    @Test("a model inside a class of the user's own that calls it by the base model's attribute is found there")
    func doubled() throws {
        let configuration = try TestModels.classifier()
        let plain = tensors(configuration, prefix: "mobilebert.")
        var wrapped = plain
        wrapped.tensors = Dictionary(uniqueKeysWithValues: plain.tensors.map { ("mobilebert." + $0, $1) })
        wrapped.tensors["criterion.weight"] = ([0], [1])
        #expect(try output(configuration, wrapped) == output(configuration, plain))
    }

    @Test("known heads and stray buffers in a base model's checkpoint are ignored")
    func tolerated() throws {
        let configuration = try TestModels.configuration()
        let plain = tensors(configuration, prefix: "mobilebert.")
        var extra = plain
        for name in [
            "mobilebert.embeddings.position_ids", "cls.predictions.bias", "cls.predictions.decoder.weight",
            "cls.predictions.transform.LayerNorm.weight", "cls.seq_relationship.bias", "qa_outputs.weight",
            "classifier.weight",
        ] {
            extra.tensors[name] = ([0], [1])
        }
        #expect(try output(configuration, extra) == output(configuration, plain))
    }

    @Test("a base model without pooler keys has no pooler and no logits, and says why")
    func absentPooler() throws {
        let configuration = try TestModels.configuration()
        var headless = tensors(configuration)
        headless.tensors["pooler.dense.weight"] = nil
        #expect(try !EncoderModel(configuration: configuration, tensors: headless).hasPooler)
        headless.tensors["pooler.dense.bias"] = nil
        let model = try EncoderModel(configuration: configuration, tensors: headless)
        #expect(!model.hasPooler && model.classifier == nil)
        let batch: [TestText] = [(ids: [1], types: [0])]
        for (request, reason) in [(OutputRequest.pooled(.pooler), "pooler.dense.weight"), (.logits, "architectures")] {
            let result = try #require(model.results(batch, request).first)
            guard case .failure(let error) = result else {
                Issue.record("\(request) should have failed")
                continue
            }
            #expect(error.description.contains(reason), "\(error)")
        }
        #expect(throws: Never.self) { _ = try model.results(batch, .pooled(.cls)).map { try $0.get() } }
    }

    @Test("any number of threads loads the same model, bit for bit", arguments: DataType.allCases)
    func threads(_ dataType: DataType) throws {
        let configuration = try TestModels.configuration(["num_hidden_layers": "6"])
        let tensors = tensors(configuration)
        let alone = try output(configuration, tensors, ComputeOptions(dataType: dataType, loadingThreads: 1))
        for threads in [2, 3, 16] {
            let options = ComputeOptions(dataType: dataType, loadingThreads: threads)
            #expect(try output(configuration, tensors, options) == alone)
        }
    }

    @Test("a folder without a model says which file is missing")
    func missingFolder() {
        let error = #expect(throws: ModelError.self) { try EncoderModel(directory: "/nowhere") }
        #expect(error?.description.contains("/nowhere/config.json") == true)
    }

    @Test("weights that cannot fit into the memory are refused before they are read, with a type that fits")
    func memory() throws {
        let configuration = try TestModels.configuration()
        let all = tensors(configuration)
        func refusal(_ type: DataType, _ limit: Int) -> ModelError? {
            var options = ComputeOptions(dataType: type)
            options.memoryLimit = limit
            do {
                _ = try EncoderModel(configuration: configuration, tensors: all, options: options)
                return nil
            } catch { return error as? ModelError }
        }
        guard case .tooLittleMemory(_, "float32", let needed, 1, nil)? = refusal(.float32, 1) else {
            Issue.record("a limit of one byte is not refused as it should be")
            return
        }
        #expect(refusal(.float32, needed) == nil)
        let tight = try #require(refusal(.float32, needed - 1))
        guard case .tooLittleMemory(_, _, needed, _, "bfloat16") = tight else { throw tight }
        #expect(tight.description.contains("choose dtype bfloat16, or give it more memory"))
        guard case .tooLittleMemory(_, _, _, _, "int8")? = refusal(.bfloat16, needed / 2 - 1) else {
            Issue.record("int8 is not named for what bfloat16 does not fit")
            return
        }
    }

    @Test("the observer hears of each packed part once, whichever thread packs it")
    func progress() throws {
        let configuration = try TestModels.configuration()
        let heard = Mutex<[Int]>([])
        let total = Atomic(0)
        var options = ComputeOptions(loadingThreads: 2)
        options.onPacked = { done, all in
            heard.withLock { $0.append(done) }
            total.store(all, ordering: .relaxed)
        }
        _ = try EncoderModel(configuration: configuration, tensors: tensors(configuration), options: options)
        let parts = total.load(ordering: .relaxed)
        #expect(parts > configuration.layerCount && heard.withLock { $0.sorted() } == Array(1...parts))
    }
}
