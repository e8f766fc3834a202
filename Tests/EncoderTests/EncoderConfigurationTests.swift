import Checkpoint
import LinearAlgebra
import ModelFiles
import Testing

@testable import Encoder

@Suite("config.json")
struct EncoderConfigurationTests {
    /// Reads a file, of a MobileBERT where it does not say.
    private func read(_ text: String, tensorNames: [String] = Self.mobileBERTNames) throws -> EncoderConfiguration {
        let file = try JSONSection(bytes: Array(text.utf8), path: "folder/config.json")
        return try EncoderConfiguration(file, tensorNames: tensorNames)
    }

    private static let mobileBERTNames = ["mobilebert.embeddings.position_embeddings.weight"]

    /// The message of the error that reading `text` throws.
    private func message(_ text: String) throws -> String {
        let error = #expect(throws: ModelError.self) { try read(text) }
        return error?.description ?? ""
    }

    @Test("absent keys have transformers' defaults: google/mobilebert-uncased")
    func defaults() throws {
        let configuration = try read("{\"model_type\": \"mobilebert\"}")
        #expect(configuration.vocabularySize == 30_522)
        #expect(configuration.hiddenSize == 512)
        #expect(configuration.layerCount == 24)
        #expect(configuration.headCount == 4)
        #expect(configuration.intermediateSize == 512)
        #expect(configuration.activation == .relu)
        #expect(configuration.maxPositionEmbeddings == 512)
        #expect(configuration.typeVocabularySize == 2)
        #expect(configuration.layerNormEpsilon == 1e-12)
        #expect(configuration.embeddingSize == 128)
        #expect(configuration.usesTrigramInput)
        #expect(configuration.usesBottleneck)
        #expect(configuration.intraBottleneckSize == 128)
        #expect(!configuration.usesBottleneckAttention)
        #expect(configuration.sharesKeyQueryBottleneck)
        #expect(configuration.feedForwardNetworkCount == 4)
        #expect(configuration.normalization == .noNorm)
        #expect(configuration.activatesPooler)
        #expect(configuration.labels == ["LABEL_0", "LABEL_1"])
        #expect(configuration.problemType == .singleLabel)
    }

    @Test("a combination that cannot run names its key, what it found and what it expected")
    func contradictions() throws {
        let cases = [
            ("\"key_query_shared_bottleneck\": false", "key_query_shared_bottleneck"),
            ("\"num_attention_heads\": 3", "num_attention_heads"),
            ("\"use_bottleneck\": false, \"num_attention_heads\": 5", "hidden_size"),
            ("\"hidden_act\": \"prelu\"", "without parameters of its own, one of gelu"),
            ("\"hidden_act\": \"softmax\"", "gelu_new"),
            ("\"normalization_type\": \"batch_norm\"", "normalization_type"),
            ("\"true_hidden_size\": 512", "true_hidden_size"),
            ("\"num_feedforward_networks\": 0", "num_feedforward_networks"),
            ("\"hidden_size\": 0", "hidden_size"),
            ("\"hidden_size\": \"512\"", "hidden_size"),
            ("\"layer_norm_eps\": -1", "layer_norm_eps"),
            ("\"id2label\": {\"two\": \"x\"}", "id2label"),
            ("\"id2label\": [\"a\", \"b\"]", "id2label"),
        ]
        for (keys, name) in cases {
            let text = try message("{\"model_type\": \"mobilebert\", \(keys)}")
            #expect(text.contains(name) && text.contains("folder/config.json"), "\(keys): \(text)")
        }
        #expect(try message("{\"model_type\": \"roberta\"}").contains("\"distilbert\""))
    }

    @Test("BERT and DistilBERT have transformers' defaults and keys of their own")
    func otherArchitectures() throws {
        let bert = try read("{\"model_type\": \"bert\"}")
        #expect(bert.architecture == .bert && bert.hiddenSize == 768 && bert.embeddingSize == 768)
        #expect(bert.layerCount == 12 && bert.headCount == 12 && bert.intermediateSize == 3_072)
        #expect(bert.activation == .gelu && bert.normalization == .layerNorm && !bert.usesBottleneck)
        #expect(bert.plainLayerNormEpsilon == 1e-12 && bert.typeVocabularySize == 2)
        #expect(bert.feedForwardNetworkCount == 1 && !bert.usesTrigramInput)
        let distilBERT = try read("{\"model_type\": \"distilbert\", \"activation\": \"relu\", \"dim\": 24}")
        #expect(distilBERT.hiddenSize == 24 && distilBERT.layerCount == 6 && distilBERT.headCount == 12)
        #expect(distilBERT.activation == .relu && distilBERT.typeVocabularySize == 0)
        let message = try message("{\"model_type\": \"distilbert\", \"n_heads\": 5}")
        #expect(message.contains("n_heads") && message.contains("dim"))
    }

    @Test("without model_type, the named classes decide the architecture if the tensors' names do not tell it")
    func classes() throws {
        for (name, architecture) in [
            ("BertForMaskedLM", Architecture.bert), ("DistilBertModel", .distilBERT), ("MobileBertModel", .mobileBERT),
        ] {
            let text = "{\"architectures\": [\"\(name)\"]}"
            let configuration = try read(text, tensorNames: ["layers.0.weight"])
            #expect(try read(text).architecture == .mobileBERT)
            #expect(configuration.architecture == architecture)
            #expect(configuration.statedHeads == (name == "BertForMaskedLM" ? [.maskedLanguageModel] : []))
        }
    }

    @Test(
        "without both, the tensors' names decide, and without them the file is refused for having no model_type",
        arguments: [
            (["bert.embeddings.position_embeddings.weight"], Architecture.bert),
            (["module.distilbert.embeddings.position_embeddings.weight"], .distilBERT),
            (
                ["embeddings.position_embeddings.weight", "transformer.layer.0.attention.q_lin.weight"],
                .distilBERT
            ),
            (
                ["embeddings.position_embeddings.weight", "encoder.layer.0.attention.self.query.weight"],
                .bert
            ),
            (
                [
                    "embeddings.position_embeddings.weight", "encoder.layer.0.attention.self.query.weight",
                    "embeddings.embedding_transformation.weight",
                ],
                .mobileBERT
            ),
            (["roberta.embeddings.position_embeddings.weight"], nil), ([], nil),
        ] as [([String], Architecture?)]
    )
    func namesTell(_ names: [String], _ architecture: Architecture?) throws {
        guard let architecture else {
            let error = #expect(throws: ModelError.self) { try read("{}", tensorNames: names) }
            #expect(try #require(error).description.contains("\"model_type\""))
            return
        }
        #expect(try read("{\"model_type\": null}", tensorNames: names).architecture == architecture)
    }

    @Test("of all architectures only BERT becomes causal with is_decoder, as in transformers")
    func causal() throws {
        for architecture in Architecture.all {
            let text = "{\"model_type\": \"\(architecture.modelType)\", \"is_decoder\": true}"
            #expect(try read(text).isCausal == (architecture == .bert))
        }
        #expect(try !read("{\"model_type\": \"bert\"}").isCausal)
    }

    @Test("tensors of relative positions are refused by name")
    func refusedOptions() throws {
        let relative = "{\"model_type\": \"bert\", \"position_embedding_type\": \"relative_key\"}"
        let name = "bert.encoder.layer.0.attention.self.distance_embedding.weight"
        let error = #expect(throws: ModelError.self) { try read(relative, tensorNames: [name]) }
        #expect(try #require(error).description.contains("position_embedding_type"))
        // transformers 5 knows no other position embeddings, and 4 has tensors for them.
        #expect(try read(relative).warnings.count == 1)
    }

    @Test("keys without effect here are named in a warning each, unless they hold nothing")
    func keysWithoutEffect() throws {
        let filled = #""auto_map": {"AutoModel": "modeling.Mine"}, "pruned_heads": {"0": [1]}"#
        let warnings = try read("{\"model_type\": \"bert\", \(filled), \"configuration_files\": [\"config.4.0.json\"]}")
            .warnings
        #expect(warnings.count == 3)
        for key in ["auto_map", "pruned_heads", "configuration_files"] {
            #expect(warnings.contains { $0.contains("\"\(key)\"") }, "\(key)")
        }
        let empty = #""auto_map": null, "pruned_heads": {}, "configuration_files": []"#
        #expect(try read("{\"model_type\": \"bert\", \(empty)}").warnings.isEmpty)
    }

    @Test("quantized weights are refused by name; quantization_config beside others is a warning")
    func quantization() throws {
        let text = #"{"model_type": "bert", "quantization_config": {"quant_method": "bitsandbytes"}}"#
        #expect(try read(text).warnings.count == 1)
        let name = "bert.encoder.layer.0.output.dense.weight_scale"
        let error = #expect(throws: ModelError.self) { try read(text, tensorNames: [name]) }
        #expect(try #require(error).description.contains("quantization_config"))
        #expect(try #require(error).description.contains(name))
    }

    @Test("elements of architectures that are no names are passed over, as in transformers")
    func strangeClasses() throws {
        #expect(try read(#"{"architectures": ["BertForMaskedLM", 5, null]}"#).architectures == ["BertForMaskedLM"])
        #expect(try read(#"{"architectures": "BertModel"}"#).architectures == ["BertModel"])
        #expect(try read(#"{"architectures": {}, "num_labels": 0}"#).architectures.isEmpty)
    }

    @Test("unshared queries and keys are accepted where transformers can run them")
    func unsharedQueries() throws {
        for keys in [
            "\"use_bottleneck_attention\": true", "\"use_bottleneck\": false", "\"intra_bottleneck_size\": 512",
        ] {
            let configuration = try read("{\"key_query_shared_bottleneck\": false, \(keys)}")
            #expect(!configuration.sharesKeyQueryBottleneck)
        }
    }

    @Test("labels come from id2label, in id order, and LABEL_i where it has none")
    func labels() throws {
        #expect(try read("{\"id2label\": {\"1\": \"good\", \"0\": \"bad\"}}").labels == ["bad", "good"])
        #expect(try read("{\"num_labels\": 3}").labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
    }

    @Test("an id2label of another size than num_labels does not count, as in transformers")
    func labelCounts() throws {
        let generic = ["LABEL_0", "LABEL_1", "LABEL_2"]
        for map in ["{\"1\": \"x\"}", "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\", \"3\": \"d\"}"] {
            let given = try read("{\"num_labels\": 3, \"id2label\": \(map), \"label2id\": {\"a\": 1}}")
            #expect(given.labels == generic && given.labelIDs.map(\.label) == generic, "\(map)")
            #expect(given.hasLabels(count: 3) && given.hasLabels(count: map.count { $0 == ":" }))
        }
    }

    @Test("labels may be any single values, with ids in any order and some of them missing")
    func looseLabels() throws {
        let labels = try read("{\"id2label\": {\"2\": true, \" 0\": 7, \"1\": null, \"0\": 0.5}}").labels
        #expect(labels == ["0.5", "null", "true"])
        #expect(try read("{\"id2label\": {\"0\": \"a\", \"7\": \"b\"}}").labels == ["a", "LABEL_1"])
        #expect(try read("{\"id2label\": {}}").labels == [])
    }

    @Test("an unknown problem_type does not count, with a warning that names it")
    func unknownProblemType() throws {
        for value in ["\"ranking\"", "\"\"", "3"] {
            let configuration = try read("{\"num_labels\": 3, \"problem_type\": \(value)}")
            #expect(configuration.problemType == .singleLabel && configuration.warnings.count == 1)
        }
        let single = "{\"num_labels\": 1, \"problem_type\": \"single_label_classification\"}"
        #expect(try read(single).problemType == .multiLabel)
    }

    @Test("DistilBERT's keys have BERT's names too, which come first")
    func otherNames() throws {
        let text = "{\"model_type\": \"distilbert\", \"hidden_size\": 64, \"dim\": 32, \"num_attention_heads\": 4}"
        let configuration = try read(text)
        #expect(configuration.hiddenSize == 64 && configuration.headCount == 4 && configuration.layerCount == 6)
    }

    @Test("label2id counts beside an id2label only, and then also where they disagree, as in transformers")
    func labelIDs() throws {
        let alone = try read("{\"label2id\": {\"a\": 0, \"b\": 1, \"c\": 2}}")
        #expect(alone.labels == ["LABEL_0", "LABEL_1"] && alone.labelIDs.map(\.label) == alone.labels)
        let map = "\"id2label\": {\"0\": \"a\", \"1\": \"b\"}"
        let ids = try read("{\(map)}").labelIDs
        #expect(ids.map(\.label) == ["a", "b"] && ids.map(\.id) == [0, 1])
        let both = try read("{\(map), \"label2id\": {\"b\": 0, \"x\": 1, \"a\": 7, \"c\": \"1\"}}")
        #expect(both.labels == ["a", "b"])
        #expect(both.labelIDs.map(\.label) == ["b", "x"] && both.labelIDs.map(\.id) == [0, 1])
    }

    @Test("a calibration_temperature that is no number above 0 does not count, with a warning that names it")
    func calibrationTemperature() throws {
        #expect(try read("{\"calibration_temperature\": 1.5}").calibrationTemperature == 1.5)
        #expect(try read("{\"calibration_temperature\": null}").calibrationTemperature == nil)
        for value in ["0", "-1", "\"1\"", "1e999", "[]"] {
            let configuration = try read("{\"calibration_temperature\": \(value)}")
            #expect(configuration.calibrationTemperature == nil)
            #expect(configuration.warnings.count == 1 && configuration.warnings[0].contains("calibration_temperature"))
        }
    }

    @Test("a single label has a sigmoid score unless problem_type says otherwise")
    func problemTypes() throws {
        #expect(try read("{\"num_labels\": 1}").problemType == .multiLabel)
        #expect(try read("{\"num_labels\": 3, \"problem_type\": null}").problemType == .singleLabel)
        #expect(try read("{\"num_labels\": 3, \"problem_type\": \"regression\"}").problemType == .regression)
        let multiLabel = "{\"num_labels\": 1, \"problem_type\": \"multi_label_classification\"}"
        #expect(try read(multiLabel).problemType == .multiLabel)
    }
}
