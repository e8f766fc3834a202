internal import JSON
package import ModelFiles

/// The keys of an architecture's config.json that only training reads, with transformers' defaults.
struct TrainingKeys: Sendable {
    var hidden = ConfigurationKeys.Key("hidden_dropout_prob", default: 0.1)
    var attention = ConfigurationKeys.Key("attention_probs_dropout_prob", default: 0.1)
    /// Whether ``hidden`` applies after attention's output too.
    var dropsAttentionOutput = true
    /// nil stands for the value of ``hidden``.
    var classifier = ConfigurationKeys.Key<Double?>("classifier_dropout", default: nil)
    /// The dropout before the logits of tokens; nil stands for the value of ``hidden``.
    var tokenClassifier = ConfigurationKeys.Key<Double?>("classifier_dropout", default: nil)
    /// Before the logits of answers; nil for an architecture that has no dropout there.
    var answers: ConfigurationKeys.Key<Double>?
}

/// The probabilities with which training drops values, by the places where transformers' classes do, and two more
/// settings of training.
package struct TrainingConfiguration: Sendable, Equatable {
    /// After embeddings, feed-forward networks and bottlenecks.
    package var hidden: Double
    /// The dropout of attention's probabilities.
    package var attention: Double
    /// After the dense layer that follows attention.
    package var attentionOutput: Double
    /// Before the classifier.
    package var classifier: Double
    /// Before the classifier of tokens.
    package var tokenClassifier: Double
    /// Before the logits of answers.
    package var answers: Double
    /// `pad_token_id`: the row of the word embeddings that is not trained.
    package var paddingID: Int?
    /// `initializer_range`: the standard deviation of new weights.
    package var initializerRange: Double

    /// Reads the config.json of a model.
    ///
    /// - Throws: what is wrong with a key.
    package init(_ file: JSONSection, of configuration: EncoderConfiguration) throws(ModelError) {
        let keys = configuration.architecture.trainingKeys
        let range = 0...0.999
        hidden = try file.number(keys.hidden.name, default: keys.hidden.fallback, in: range)
        attention = try file.number(keys.attention.name, default: keys.attention.fallback, in: range)
        attentionOutput = keys.dropsAttentionOutput ? hidden : 0
        // null is the same as no key.
        let rate = { [hidden] (key: ConfigurationKeys.Key<Double?>) throws(ModelError) in
            file.optional(key.name) == nil ? key.fallback ?? hidden : try file.number(key.name, in: range)
        }
        classifier = try rate(keys.classifier)
        tokenClassifier = try rate(keys.tokenClassifier)
        answers =
            try keys.answers.map { key throws(ModelError) in
                try file.number(key.name, default: key.fallback, in: range)
            } ?? 0
        let key = "pad_token_id"
        let rows = 0...configuration.vocabularySize - 1
        paddingID = file.members[key] == .null ? nil : try file.integer(key, default: 0, in: rows)
        initializerRange = try file.number("initializer_range", default: 0.02, in: 0...1_000)
    }

    /// This configuration without any dropout.
    package var withoutDropout: TrainingConfiguration {
        var copy = self
        (copy.hidden, copy.attention, copy.attentionOutput) = (0, 0, 0)
        (copy.classifier, copy.tokenClassifier, copy.answers) = (0, 0, 0)
        return copy
    }
}
