/// Precision, recall and F1 of entities in tagged words, as seqeval's `precision_score`, `recall_score` and `f1_score`
/// compute them by default: over all entities together, and an entity counts only if its words and its type are right.
package struct EntityScores: Sendable, Equatable {
    /// Entities of the right tags.
    package private(set) var truth = 0
    /// Entities of the predicted tags.
    package private(set) var predicted = 0
    /// Entities of both.
    package private(set) var both = 0

    /// An entity's type and words.
    struct Entity: Hashable {
        let type: String
        let words: Range<Int>
    }

    /// Counts the entities of texts.
    ///
    /// - Parameters:
    ///   - truth: the right tags of each text's words.
    ///   - predicted: as many.
    package init(truth: [[String]], predicted: [[String]]) {
        for (truth, predicted) in zip(truth, predicted) {
            let (right, found) = (Set(Self.entities(truth)), Set(Self.entities(predicted)))
            self.truth += right.count
            self.predicted += found.count
            both += right.intersection(found).count
        }
    }

    /// The fraction of the predicted entities that are right; 0 if there are none.
    package var precision: Double { predicted > 0 ? Double(both) / Double(predicted) : 0 }
    /// The fraction of the right entities that were found; 0 if there are none.
    package var recall: Double { truth > 0 ? Double(both) / Double(truth) : 0 }
    /// The harmonic mean of precision and recall.
    package var f1: Double { truth + predicted > 0 ? 2 * Double(both) / Double(truth + predicted) : 0 }

    /// Whether tags are those of entities: O, and types behind B-, I-, E- or S-.
    package static func areEntities(_ tags: [String]) -> Bool {
        let prefixes = ["B-", "I-", "E-", "S-"]
        return tags.contains { $0 != "O" } && tags.allSatisfy { $0 == "O" || prefixes.contains(String($0.prefix(2))) }
    }

    /// A tag: B-PER has the prefix B and the type PER.
    private struct Tag {
        /// Begin, inside, end, single (of one word), outside.
        let prefix: Character
        let type: String

        init(_ text: String) {
            prefix = text.first ?? "O"
            let rest = text.dropFirst()
            type = String(rest.first == "-" ? rest.dropFirst() : rest)
        }

        static let outside = Tag("O")

        /// Whether an entity of this tag goes on with the next one.
        func continues(with next: Tag) -> Bool {
            "BI".contains(prefix) && "IE".contains(next.prefix) && type == next.type
        }
    }

    /// The entities of a text's tags. One may begin with I.
    static func entities(_ texts: [String]) -> [Entity] {
        var entities: [Entity] = []
        let tags = texts.map(Tag.init)
        var start = 0
        for index in tags.indices where tags[index].prefix != "O" {
            if index == 0 || !tags[index - 1].continues(with: tags[index]) { start = index }
            let next = index + 1 < tags.count ? tags[index + 1] : .outside
            if !tags[index].continues(with: next) {
                entities.append(Entity(type: tags[index].type, words: start..<index + 1))
            }
        }
        return entities
    }
}
