import Checkpoint
import Encoder
import LinearAlgebra
import ModelFiles
import Testing

@Suite("config.json")
struct EncoderConfigurationTests {
    private func read(_ text: String) throws -> EncoderConfiguration {
        try EncoderConfiguration(JSONSection(bytes: Array(text.utf8), path: "folder/config.json"))
    }

    /// The message of the error that reading `text` throws.
    private func message(_ text: String) throws -> String {
        let error = #expect(throws: EncoderError.self) { try read(text) }
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
            ("\"hidden_act\": \"prelu\"", "gelu_new"),
            ("\"normalization_type\": \"batch_norm\"", "normalization_type"),
            ("\"true_hidden_size\": 512", "true_hidden_size"),
            ("\"num_feedforward_networks\": 0", "num_feedforward_networks"),
            ("\"hidden_size\": 0", "hidden_size"),
            ("\"hidden_size\": \"512\"", "hidden_size"),
            ("\"layer_norm_eps\": -1", "layer_norm_eps"),
            ("\"id2label\": {\"two\": \"x\"}", "id2label"),
            ("\"id2label\": {\"7\": \"x\"}", "id2label"),
            ("\"id2label\": {}", "id2label"),
            ("\"problem_type\": \"guess\"", "problem_type"),
            ("\"num_labels\": 1, \"problem_type\": \"single_label_classification\"", "problem_type"),
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

    @Test("without model_type, the named classes decide the architecture")
    func classes() throws {
        for (name, architecture) in [
            ("BertForMaskedLM", Architecture.bert), ("DistilBertModel", .distilBERT), ("MobileBertModel", .mobileBERT),
        ] {
            let configuration = try read("{\"architectures\": [\"\(name)\"]}")
            #expect(configuration.architecture == architecture)
            #expect(configuration.statedHeads == (name == "BertForMaskedLM" ? [.maskedLanguageModel] : []))
        }
        #expect(try read("{}").architecture == .mobileBERT)
    }

    @Test("options that make something else of a BERT than an encoder are refused by name")
    func refusedOptions() throws {
        for keys in [
            "\"position_embedding_type\": \"relative_key\"", "\"is_decoder\": true",
            "\"add_cross_attention\": true",
        ] {
            let name = keys.split(separator: "\"").first.map(String.init) ?? "?"
            #expect(try message("{\"model_type\": \"bert\", \(keys)}").contains(name))
        }
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
        }
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

    @Test("a single label has a sigmoid score unless problem_type says otherwise")
    func problemTypes() throws {
        #expect(try read("{\"num_labels\": 1}").problemType == .multiLabel)
        #expect(try read("{\"num_labels\": 3, \"problem_type\": null}").problemType == .singleLabel)
        #expect(try read("{\"num_labels\": 3, \"problem_type\": \"regression\"}").problemType == .regression)
        let multiLabel = "{\"num_labels\": 1, \"problem_type\": \"multi_label_classification\"}"
        #expect(try read(multiLabel).problemType == .multiLabel)
    }
}
