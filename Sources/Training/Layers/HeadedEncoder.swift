internal import Encoder
internal import LinearAlgebra

/// Which parameters training moves.
package enum TrainedPart: Sendable, Equatable {
    /// All of them.
    case all
    /// What stands on top of the layers.
    case head
    /// The head and so many last layers.
    case last(Int)
    /// All but the embeddings.
    case noEmbeddings

    /// The depth of the lowest parameters that are trained, in a model of so many layers.
    func lowestDepth(layers: Int) -> Int {
        switch self {
        case .all: 0
        case .noEmbeddings: 1
        case .last(let count): max(0, layers - count) + 1
        case .head: layers + 1
        }
    }
}

/// An encoder with a head: embeddings at depth 0, layers from 1 on, the head above.
struct HeadedEncoder {
    let embeddings: Embeddings
    let layers: [EncoderLayer]
    let head: any TrainableHead
    let scratch: Scratch
    private let lowestDepth: Int

    init(
        _ configuration: EncoderConfiguration,
        _ kind: HeadKind,
        _ dropout: TrainingConfiguration,
        lowestDepth: Int,
        _ plan: inout MemoryPlan
    ) {
        self.lowestDepth = lowestDepth
        embeddings = Embeddings(
            configuration,
            dropout,
            areWordsTied: kind == .maskedLanguageModel && configuration.tiesWordEmbeddings,
            &plan
        )
        var layers: [EncoderLayer] = []
        for index in 0..<configuration.layerCount {
            plan.depth = index + 1
            layers.append(EncoderLayer(index, configuration, dropout, &plan))
        }
        self.layers = layers
        plan.depth = configuration.layerCount + 1
        head = kind.makeHead(configuration, dropout, words: embeddings.words.table, &plan)
        scratch = Scratch(
            hidden: configuration.hiddenSize,
            width: configuration.trueHiddenSize,
            inside: configuration.intermediateSize,
            embedded: configuration.embeddingSize * (configuration.usesTrigramInput ? 3 : 1),
            hasBottlenecks: configuration.usesBottleneck,
            &plan
        )
    }

    private func hidden(before index: Int) -> ActivationPlace {
        index == 0 ? embeddings.output : layers[index - 1].output
    }

    /// Writes the head's output. All threads have met when it returns.
    func forward(_ pass: Pass) {
        embeddings.forward(pass)
        for index in layers.indices { layers[index].forward(pass[hidden(before: index)], pass) }
        head.forward(pass[hidden(before: layers.count)], pass)
    }

    /// Writes the gradients of the trained parameters from that of the head's output.
    func backward(_ pass: Pass) {
        var (dy, spare) = pass.scratch.hidden
        head.backward(pass[hidden(before: layers.count)], into: pass[dy], pass)
        var index = layers.count
        while index >= max(1, lowestDepth) {
            index -= 1
            let result = layers[index].backward(pass[hidden(before: index)], dy, spare: spare, pass)
            if result.offset != dy.offset { swap(&dy, &spare) }
        }
        embeddings.backward(dy, spare: spare, pass)
    }
}
