/// How tokens are masked for a masked language model (arXiv 1810.04805): of each text's tokens a part is to be guessed.
/// Of these, 80 % become the mask token, 10 % a random token, and 10 % stay.
package struct Masking: Sendable, Equatable {
    /// The part of each text's tokens that is to be guessed, of which there is at least one: transformers'
    /// `mlm_probability`.
    package var fraction: Double
    /// The mask token's id.
    package var maskID: Int32
    /// The number of ids among which a random token is chosen.
    package var vocabularySize: Int

    /// All as given.
    package init(fraction: Double = 0.15, maskID: Int32, vocabularySize: Int) {
        self.fraction = fraction
        self.maskID = maskID
        self.vocabularySize = vocabularySize
    }

    /// The seed of an example's masks in an epoch.
    static func seed(_ seed: UInt64, epoch: UInt64, number: Int) -> UInt64 {
        SplitMix64.mix(SplitMix64.mix(seed ^ 0x6D61_736B) &+ epoch) &+ UInt64(number)
    }

    /// The examples with masks that stay the same, to measure on.
    package func masked(_ set: TrainingSet, seed: UInt64) -> TrainingSet {
        var masked = set
        masked.examples = set.examples.enumerated().map { number, example in
            self.masked(example, seed: Self.seed(~seed, epoch: 0, number: number))
        }
        return masked
    }

    /// How many of so many tokens are to be guessed.
    func count(_ tokens: Int) -> Int { min(tokens, max(1, Int((fraction * Double(tokens)).rounded()))) }

    /// The example with masked tokens, of which its labels are the ids that are to be guessed.
    ///
    /// - Parameters:
    ///   - example: one sequence, with the own ids of the tokens that may be masked as labels.
    ///   - seed: another one gives other tokens.
    package func masked(_ example: TokenizedExample, seed: UInt64) -> TokenizedExample {
        guard case .tokenLabels(let own) = example.target, let sequence = example.sequences.first else {
            return example
        }
        var (ids, labels) = (sequence.ids, [Int32](repeating: Target.ignored, count: own.count))
        var places: [Int] = []
        mask(own, seed: seed, places: &places) { place, id in
            labels[place] = own[place]
            ids[place] = id
        }
        return TokenizedExample([TokenizedSequence(ids: ids, typeIDs: sequence.typeIDs)], .tokenLabels(labels))
    }

    /// Chooses the tokens that are to be guessed, and calls `body` with the place and the new id of each, in their
    /// order.
    ///
    /// - Parameters:
    ///   - own: the ids of the tokens that may be masked, and ``Target/ignored``.
    ///   - places: memory, of which nothing is read.
    func mask(_ own: [Int32], seed: UInt64, places: inout [Int], _ body: (_ place: Int, _ id: Int32) -> Void) {
        var random = SplitMix64(seed: SplitMix64.mix(seed))
        places.removeAll(keepingCapacity: true)
        for place in 0..<own.count where own[place] != Target.ignored { places.append(place) }
        let most = places.count
        guard most > 0 else { return }
        let chosen = count(most)
        // The first steps of a shuffle, each of which keeps those before it ascending.
        for index in 0..<chosen {
            let other = index + random.below(most - index)
            let place = places[other]
            places[other] = places[index]
            var sorted = index
            while sorted > 0, places[sorted - 1] > place {
                places[sorted] = places[sorted - 1]
                sorted -= 1
            }
            places[sorted] = place
        }
        for index in 0..<chosen {
            let place = places[index]
            switch random.below(10) {
            case 0: body(place, own[place])
            case 1: body(place, Int32(random.below(vocabularySize)))
            default: body(place, maskID)
            }
        }
    }
}

/// The masks of a step's examples: others in each epoch.
struct EpochMasks {
    let masking: Masking
    let seed: UInt64
    let epoch: Int

    /// As ``Masking/mask(_:seed:places:_:)``, for the example with this number in its set.
    func mask(_ own: [Int32], number: Int, places: inout [Int], _ body: (_ place: Int, _ id: Int32) -> Void) {
        let seed = Masking.seed(seed, epoch: UInt64(epoch), number: number)
        masking.mask(own, seed: seed, places: &places, body)
    }
}
