import Encoder
import Foundation
import Tokenization

/// How `/fill_mask` treats its texts.
package struct FillMaskOptions: Sendable, Equatable {
    /// How long texts are treated.
    package var input = InputOptions()
    /// How many candidates to give for each mask, best first; fewer if there are fewer targets.
    package var topK = 5
    /// The only tokens to consider; nil for the whole vocabulary. A text that is not a token stands for its first
    /// token.
    package var targets: [String]?

    /// The defaults of transformers' pipeline.
    package init() {}
}

/// A candidate for a mask's place.
package struct MaskCandidate: Sendable, Equatable {
    /// The probability among all tokens of the vocabulary.
    package let score: Float
    /// The token's id.
    package let token: Int32
    /// The token's text; `##ing` for a token that continues a word.
    package let tokenText: String
    /// The text with the token in this mask's place, decoded. If the text has only this mask, special tokens are left
    /// out.
    package let sequence: String
}

extension InferenceService {
    /// The most targets of a request. Each target that is not a token has to be tokenized.
    private static let maxTargets = 10_000
    /// The most masks whose logits are computed at once for a request: 8 MB for a vocabulary of 30,522. Further masks
    /// wait until the first have been reduced to their candidates.
    private static let maxMasksAtOnce = 64

    /// The candidates for each mask of each text, `[texts][masks][candidates]`, as transformers' fill-mask pipeline
    /// finds them.
    ///
    /// - Throws: `missingHead`, `noMaskToken`, `noMask` and `fillingsTooLarge` beside what other tasks throw.
    package func fillMasks(
        _ inputs: [TextInput],
        options: FillMaskOptions
    ) async throws -> Outcome<[[[MaskCandidate]]]> {
        try require(.maskedLanguageModel)
        guard options.topK >= 1 else { throw InferenceError.invalidTopK(options.topK) }
        let tokenizer = try tokenizer()
        guard let maskID = tokenizer.maskTokenID else { throw TaskError.noMaskToken(model: model.name) }
        let targets = try options.targets.map { try targetIDs($0, tokenizer) }
        let (rows, usage) = try encode(inputs, options.input)
        var masks: [Mask] = []
        for (index, row) in rows.enumerated() {
            let positions = row.ids.indices.filter { row.ids[$0] == maskID }
            guard !positions.isEmpty else {
                throw TaskError.noMask(input: index, mask: tokenizer.token(id: maskID) ?? "")
            }
            masks += positions.map { Mask(row: index, position: $0, isOnly: positions.count == 1) }
        }
        let topK = min(options.topK, targets?.count ?? model.encoder.configuration.vocabularySize)
        try checkSize(masks.reduce(0) { $0 + rows[$1.row].count }, times: topK)

        var filled = rows.map { _ in [[MaskCandidate]]() }
        var total = usage
        for start in stride(from: 0, to: masks.count, by: Self.maxMasksAtOnce) {
            let part = masks[start..<min(start + Self.maxMasksAtOnce, masks.count)]
            let outcome = try await logits(of: part, in: rows)
            for (mask, logits) in zip(part, outcome.value) {
                try RequestOptions.check()
                filled[mask.row].append(
                    try candidates(logits, targets, topK).map { id, score in
                        try candidate(id, score, for: mask, in: rows[mask.row].ids, tokenizer)
                    }
                )
            }
            total.isPrediction = true
            total.add(outcome.usage)
        }
        total.inputLengths = rows.map(\.count)
        return Outcome(value: filled, usage: total)
    }

    /// A token that is to be guessed.
    private struct Mask {
        let row: Int
        let position: Int
        /// Whether the text has no other mask.
        let isOnly: Bool
    }

    /// Each candidate repeats the whole of its text.
    private func checkSize(_ tokens: Int, times count: Int) throws(TaskError) {
        let limit = configuration.maxTokenizedTokens
        let (product, overflows) = tokens.multipliedReportingOverflow(by: count)
        guard !overflows, product <= limit else {
            throw .fillingsTooLarge(tokens: overflows ? .max : product, limit: limit)
        }
    }

    /// The ids of the targets, each once.
    private func targetIDs(_ targets: [String], _ tokenizer: Tokenizer) throws -> [Int32] {
        guard targets.count <= Self.maxTargets else {
            throw TaskError.tooManyTargets(count: targets.count, limit: Self.maxTargets)
        }
        var ids: [Int32] = []
        var seen: Set<Int32> = []
        let pieces = EncodingOptions(addSpecialTokens: false, collectOffsets: false)
        for target in targets {
            try RequestOptions.check()
            let id = try tokenizer.id(token: target) ?? tokenizer.encode(target, options: pieces).ids.first
            guard let id, id < model.encoder.configuration.vocabularySize, seen.insert(id).inserted else { continue }
            ids.append(id)
        }
        guard !ids.isEmpty else { throw TaskError.noTargets }
        return ids
    }

    /// The masked language model's logits over the vocabulary, for each mask.
    private func logits(of masks: ArraySlice<Mask>, in rows: [Encoding]) async throws -> Outcome<[ArraySlice<Float>]> {
        var texts: [(row: Int, positions: [Int])] = []
        for mask in masks {
            if texts.last?.row == mask.row {
                texts[texts.count - 1].positions.append(mask.position)
            } else {
                texts.append((mask.row, [mask.position]))
            }
        }
        let shape = model.encoder.configuration
        // In the allowance's unit: a mask's logits are as large as this many tokens' vectors.
        let size = masks.count * (1 + shape.vocabularySize / shape.hiddenSize)
        guard let holding = tokenVectors.take(min(size, tokenVectors.limit)) else {
            throw InferenceError.resultsHeldBack(limit: tokenVectors.limit)
        }
        defer { withExtendedLifetime(holding) {} }
        let outcome: Outcome<[EncoderOutput]>
        do {
            outcome = try await outputs(of: texts.map { rows[$0.row] }) { [texts] in
                .maskedTokenLogits(positions: texts[$0].positions)
            }
        } catch InferenceError.inputFailed(let index, let reason) {
            throw InferenceError.inputFailed(input: texts[index].row, reason: reason)
        }
        let logits = outcome.value.flatMap { output in
            stride(from: 0, to: output.values.count, by: shape.vocabularySize).map { start in
                output.values[start..<start + shape.vocabularySize]
            }
        }
        return Outcome(value: logits, usage: outcome.usage)
    }

    /// The best tokens with their probabilities. Of equal tokens, the first comes first.
    private func candidates(_ logits: ArraySlice<Float>, _ targets: [Int32]?, _ count: Int) -> [(Int32, Float)] {
        let probabilities = ScoreFunction.probabilities(of: logits.map { Double($0) })
        let logit = { (id: Int32) in logits[logits.startIndex + Int(id)] }
        let best = bestIndices(targets ?? Array(0..<Int32(logits.count)), by: logit, count: count)
        return best.map { ($0, Float(probabilities[Int($0)])) }
    }

    /// The `count` ids of the largest values, largest first.
    private func bestIndices(_ ids: [Int32], by value: (Int32) -> Float, count: Int) -> [Int32] {
        // Beyond this count, inserting each into its place costs more than sorting all.
        guard count <= 128 else { return Array(ids.sorted { value($0) > value($1) }.prefix(count)) }
        var best: [Int32] = []
        for id in ids {
            if best.count == count, let last = best.last, value(id) <= value(last) { continue }
            var place = best.count
            while place > 0, value(id) > value(best[place - 1]) { place -= 1 }
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }

    private func candidate(
        _ id: Int32,
        _ score: Float,
        for mask: Mask,
        in ids: [Int32],
        _ tokenizer: Tokenizer
    ) throws -> MaskCandidate {
        var ids = ids
        ids[mask.position] = id
        // A model may have more ids than its tokenizer has tokens.
        ids.removeAll { $0 == tokenizer.padTokenID || tokenizer.token(id: $0) == nil }
        return MaskCandidate(
            score: score,
            token: id,
            tokenText: tokenizer.token(id: id) == nil ? "" : try tokenizer.decode([id], skipSpecialTokens: false),
            sequence: try tokenizer.decode(ids, skipSpecialTokens: mask.isOnly)
        )
    }
}
