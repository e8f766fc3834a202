import Batching
import Encoder
import Host
import Inference
package import JSON
import Tokenization

extension InferenceService {
    /// Writes the object of `/info`: text-embeddings-inference's fields, then the model's shape, then the backend and
    /// its kernels.
    package func writeInfo(_ writer: inout JSONWriter) {
        let shape = model.encoder.configuration
        let heads = Head.allCases.filter(model.encoder.heads.contains)
        writer.object { writer in
            for (key, text) in [
                ("model_id", model.name), ("model_sha", model.revision), ("served_model_name", model.name),
                ("model_dtype", model.encoder.engine.dataType), ("version", SwiftletVersion.current),
                ("sha", SwiftletVersion.commit), ("docker_label", nil), ("architecture", model.architecture),
                ("pooling", poolings.name), ("backend", model.encoder.engine.backend),
                ("mask_token", model.tokenizer?.maskTokenID.flatMap { model.tokenizer?.token(id: $0) }),
            ] as [(String, String?)] {
                writer.key(key)
                if let text { writer.string(text) } else { writer.null() }
            }
            writer.key("model_type")
            writeModelType(&writer)
            let numbers = [
                ("max_concurrent_requests", configuration.batching.maxQueueSequences),
                ("max_input_length", maxInputLength),
                ("max_batch_tokens", configuration.batching.maxBatchTokens),
                ("max_batch_requests", configuration.batching.maxBatchSequences),
                ("max_client_batch_size", configuration.maxClientBatchSize),
                ("tokenization_workers", configuration.requestThreads), ("workers", configuration.workers),
                ("embedding_size", embeddingSize), ("hidden_size", shape.hiddenSize),
                ("num_hidden_layers", shape.layerCount),
                ("vocab_size", shape.vocabularySize),
            ]
            for (key, number) in numbers {
                writer.key(key)
                writer.integer(number)
            }
            writer.key("tokenizer")
            writer.boolean(model.tokenizer != nil)
            writer.key("auto_truncate")
            writer.boolean(configuration.autoTruncate)
            writer.member("truncation_direction", model.truncationDirection.rawValue)
            writer.key("normalize")
            writer.boolean(model.embedding.normalizes)
            writer.key("kernels")
            writer.array(model.encoder.engine.kernels) { $0.string($1) }
            writer.key("heads")
            writer.array(heads) { $0.string($1.className) }
            writer.key("tasks")
            writer.array(["feature-extraction", "sentence-similarity"] + heads.flatMap(tasks)) { $0.string($1) }
            writer.key("prompts")
            writer.array(model.prompts.names) { $0.string($1) }
        }
    }

    /// A head's tasks, by the Hub's names: its own, and what else is done with it.
    private func tasks(of head: Head) -> [String] {
        guard head == .sequenceClassification else { return [head.rawValue] }
        if model.encoder.configuration.labels.count == 1 { return [head.rawValue, "text-ranking"] }
        let judgesEntailment = model.encoder.classifier?.judgesEntailment == true
        return [head.rawValue] + (judgesEntailment ? ["zero-shot-classification"] : [])
    }

    /// An object with one key, because text-embeddings-inference's clients accept no other: the kind of model, which
    /// its head determines. (The model can also embed, whatever its head.)
    private func writeModelType(_ writer: inout JSONWriter) {
        writer.object { writer in
            guard let classifier = model.encoder.classifier else {
                writer.key("embedding")
                writer.object { writer in
                    writer.key("pooling")
                    writer.string(poolings.name)
                }
                return
            }
            writer.key(classifier.labels.count == 1 ? "reranker" : "classifier")
            writer.object { writer in
                writer.key("id2label")
                writer.object { writer in
                    for (id, label) in classifier.labels.enumerated() {
                        writer.key("\(id)")
                        writer.string(label)
                    }
                }
                writer.key("label2id")
                writer.object { writer in
                    var seen: Set<String> = []
                    for (label, id) in classifier.labelIDs where seen.insert(label).inserted {
                        writer.key(label)
                        writer.integer(id)
                    }
                }
            }
        }
    }
}
