import Foundation
import LinearAlgebra

@testable import Encoder

/// An encoder of any architecture, written as plainly as possible: one text at a time, in double precision, nothing
/// folded. It follows transformers' classes module by module. Tests hold the engine against it where no reference file
/// exists.
struct ReferenceEncoder {
    /// [tokens][units].
    typealias Matrix = [[Double]]

    let configuration: EncoderConfiguration
    let tensors: MemoryTensors
    private let names: TensorNames
    private let stored: ModelTensors

    init(configuration: EncoderConfiguration, tensors: MemoryTensors) {
        self.configuration = configuration
        self.tensors = tensors
        names = configuration.architecture.tensors
        stored = ModelTensors(tensors, configuration.architecture)
    }

    /// transformers' `hidden_states`: [layers + 1][tokens][hidden_size].
    ///
    /// - Parameter mask: the attention mask; nil for ones.
    func hiddenStates(ids: [Int32], types: [Int32], mask: [UInt8]? = nil) -> [Matrix] {
        let keys = ids.indices.filter { mask?[$0] != 0 }
        var hidden = embeddings(ids, types)
        var all = [hidden]
        for index in 0..<configuration.layerCount {
            hidden = layer(names.layer(index), hidden, keys)
            all.append(hidden)
        }
        return all
    }

    /// transformers' `pooler_output`.
    func poolerOutput(_ last: Matrix) -> [Double] {
        guard configuration.activatesPooler else { return last[0] }
        return dense(names.pooler, [last[0]])[0].map { tanh($0) }
    }

    private func values(_ name: String) -> [Double] {
        tensors.tensors[stored.storedName(name)]?.values.map { Double($0) } ?? []
    }

    private func embeddings(_ ids: [Int32], _ types: [Int32]) -> Matrix {
        func rows(_ name: String, _ indices: [Int], _ width: Int) -> Matrix {
            let table = values(name)
            return indices.map { Array(table[$0 * width..<($0 + 1) * width]) }
        }
        let width = configuration.embeddingSize
        var words = rows(names.words, ids.map { Int($0) }, width)
        if configuration.usesTrigramInput {
            let zeros = Array(repeating: 0.0, count: width)
            words = words.indices.map { index in
                (index + 1 < words.count ? words[index + 1] : zeros) + words[index]
                    + (index > 0 ? words[index - 1] : zeros)
            }
        }
        if configuration.usesTrigramInput || width != configuration.hiddenSize {
            words = dense(names.embeddingTransformation ?? "", words)
        }
        let positions = rows(names.positions, Array(ids.indices), configuration.hiddenSize)
        var sum = add(words, positions)
        if configuration.typeVocabularySize > 0 {
            sum = add(sum, rows(names.types, types.map { Int($0) }, configuration.hiddenSize))
        }
        return norm(names.embeddingNorm, sum, epsilon: outerEpsilon)
    }

    /// - Parameter keys: the positions that are attended to.
    private func layer(_ name: String, _ hidden: Matrix, _ keys: [Int]) -> Matrix {
        var (query, value, input) = (hidden, hidden, hidden)
        if configuration.usesBottleneck {
            input = normedDense("\(name).bottleneck.input", hidden)
            if configuration.usesBottleneckAttention {
                (query, value) = (input, input)
            } else if configuration.sharesKeyQueryBottleneck {
                query = normedDense("\(name).bottleneck.attention", hidden)
            }
        }
        let context = attention(name, query, keys: keys.map { query[$0] }, values: keys.map { value[$0] }) { token in
            configuration.isCausal ? keys.count { $0 <= token } : keys.count
        }
        let output = dense("\(name).\(names.attentionOutput)", context)
        let norm = "\(name).\(names.attentionNorm)"
        var state = self.norm(norm, add(output, input), epsilon: configuration.layerNormEpsilon)
        for index in 0..<configuration.feedForwardNetworkCount - 1 {
            state = feedForward("\(name).ffn.\(index)", state, epsilon: configuration.layerNormEpsilon)
        }
        state = feedForward(name, state, epsilon: outerEpsilon)
        guard configuration.usesBottleneck else { return state }
        return normedDense("\(name).output.bottleneck", state, residual: hidden)
    }

    /// MobileBERT's first and last LayerNorms have PyTorch's epsilon.
    private var outerEpsilon: Double {
        configuration.architecture == .mobileBERT ? 1e-5 : configuration.layerNormEpsilon
    }

    /// - Parameter seen: how many of the keys a token attends to.
    private func attention(
        _ name: String,
        _ query: Matrix,
        keys: Matrix,
        values: Matrix,
        seen: (Int) -> Int
    ) -> Matrix {
        let queries = dense("\(name).\(names.query)", query)
        let keys = dense("\(name).\(names.key)", keys)
        let values = dense("\(name).\(names.value)", values)
        let size = configuration.headSize
        return queries.indices.map { token in
            (0..<configuration.headCount).flatMap { head in
                let columns = head * size..<(head + 1) * size
                let scores = keys.prefix(seen(token)).map { key in
                    columns.reduce(0) { $0 + queries[token][$1] * key[$1] } / Double(size).squareRoot()
                }
                let largest = scores.max() ?? 0
                let exponentials = scores.map { exp($0 - largest) }
                let sum = exponentials.reduce(0, +)
                return columns.map { column in
                    exponentials.indices.reduce(0) { $0 + exponentials[$1] / sum * values[$1][column] }
                }
            }
        }
    }

    private func feedForward(_ name: String, _ state: Matrix, epsilon: Double) -> Matrix {
        let inside = dense("\(name).\(names.intermediate)", state).map { $0.map(activation) }
        let output = dense("\(name).\(names.output)", inside)
        return norm("\(name).\(names.outputNorm)", add(output, state), epsilon: epsilon)
    }

    /// The few that the random configurations use; every formula has its own test where it is implemented.
    private func activation(_ x: Double) -> Double {
        switch configuration.activation {
        case .relu: max(x, 0)
        case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
        case .silu: x / (1 + exp(-x))
        case .tanh: tanh(x)
        default: .nan
        }
    }

    private func normedDense(_ name: String, _ input: Matrix, residual: Matrix? = nil) -> Matrix {
        let output = dense("\(name).dense", input)
        let sum = residual.map { add(output, $0) } ?? output
        return norm("\(name).LayerNorm", sum, epsilon: configuration.layerNormEpsilon)
    }

    private func dense(_ name: String, _ input: Matrix) -> Matrix {
        let (weight, bias) = (values("\(name).weight"), values("\(name).bias"))
        return input.map { row in
            bias.indices.map { output in
                row.indices.reduce(bias[output]) { $0 + weight[output * row.count + $1] * row[$1] }
            }
        }
    }

    private func norm(_ name: String, _ input: Matrix, epsilon: Double) -> Matrix {
        let (weight, bias) = (values("\(name).weight"), values("\(name).bias"))
        return input.map { row in
            var (mean, deviation) = (0.0, 1.0)
            if configuration.normalization == .layerNorm {
                mean = row.reduce(0, +) / Double(row.count)
                let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
                deviation = (variance + epsilon).squareRoot()
            }
            return row.indices.map { (row[$0] - mean) / deviation * weight[$0] + bias[$0] }
        }
    }

    private func add(_ left: Matrix, _ right: Matrix) -> Matrix {
        zip(left, right).map { zip($0, $1).map(+) }
    }
}
