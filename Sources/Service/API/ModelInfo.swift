import Batching
import Encoder
package import JSON

extension InferenceService {
    /// The object of `/info`: text-embeddings-inference's fields, and the model's shape.
    package func writeInfo(_ writer: inout JSONWriter) {
        let shape = model.encoder.configuration
        writer.object { writer in
            writer.key("model_id")
            writer.string(model.name)
            writer.key("model_sha")
            writer.null()
            writer.key("model_dtype")
            writer.string(model.encoder.engine.dataType)
            writer.key("model_type")
            writeModelType(&writer)
            let numbers = [
                ("max_input_length", maxInputLength), ("max_batch_tokens", configuration.batching.maxBatchTokens),
                ("max_batch_requests", configuration.batching.maxBatchRows),
                ("max_concurrent_requests", configuration.batching.maxQueueRows),
                ("max_client_batch_size", configuration.maxClientBatchSize),
                ("tokenization_workers", configuration.workers), ("hidden_size", shape.hiddenSize),
                ("num_hidden_layers", shape.layerCount), ("vocab_size", shape.vocabularySize),
                ("workers", configuration.workers),
            ]
            for (key, number) in numbers {
                writer.key(key)
                writer.integer(number)
            }
            writer.key("auto_truncate")
            writer.boolean(configuration.autoTruncate)
            writer.key("architecture")
            writer.string(model.architecture)
            writer.key("backend")
            writer.string(model.encoder.engine.backend)
            writer.key("kernels")
            writer.array(model.encoder.engine.kernels) { $0.string($1) }
            writer.key("version")
            writer.string(SwiftletVersion.current)
        }
    }

    private func writeModelType(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("embedding")
            writer.object { writer in
                writer.key("pooling")
                writer.string(defaultPooling.rawValue)
            }
            guard let classifier = model.encoder.classifier else { return }
            writer.key("classifier")
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
                    for (id, label) in classifier.labels.enumerated() {
                        writer.key(label)
                        writer.integer(id)
                    }
                }
            }
        }
    }
}
