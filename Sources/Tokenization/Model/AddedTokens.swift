import JSON
import ModelFiles

/// The tokens that are added to a model's vocabulary, with their ids: `AddedVocabulary` of `tokenizers`.
struct AddedTokenList: Sendable {
    /// The tokens, in the order in which they were added first.
    private(set) var tokens: [(token: AddedToken, id: Int32)] = []
    /// The number of the model's own tokens.
    private let modelTokenCount: Int
    /// Where in `tokens` the token of an id is.
    private var places: [Int32: Int] = [:]
    private var highestID: Int32 = -1
    /// The tokens that were special at any time. They remain so.
    private var specialContents: Set<[UInt8]> = []
    /// The tokens that were normalized at any time. They are still shown so.
    private var normalizedContents: Set<[UInt8]> = []

    /// - Parameter model: the model's own tokens.
    init(model: Vocabulary) {
        modelTokenCount = model.tokenCount
    }

    /// Adds tokens. Those that the vocabulary has keep their ids, and their new flags count. New ones get one id after
    /// the other, whatever the files say. The first is the number of the model's tokens, or one more than the highest
    /// id of the tokens that were added before. A token of the model may have the same id.
    mutating func add(_ added: [AddedToken], to vocabulary: inout Vocabulary, path: String) throws(ModelError) {
        var nextID = max(highestID + 1, Int32(modelTokenCount))
        for token in added where !token.content.isEmpty {
            let content = Array(token.content.utf8)
            let known = vocabulary.id(token.content)
            let id = known ?? nextID
            if known == nil { nextID += 1 }
            highestID = max(highestID, id)
            // Mostly nothing is to be done, and then the vocabulary stays shared with the model's.
            if vocabulary.token(id) != content[...] { try vocabulary.insert(content[...], id: Int(id), path: path) }
            var token = token
            if token.isSpecial { specialContents.insert(content) }
            token.isSpecial = specialContents.contains(content)
            if token.isNormalized { normalizedContents.insert(content) }
            token.isShownNormalized = normalizedContents.contains(content)
            if let place = places[id] {
                tokens[place].token = token
            } else {
                places[id] = tokens.count
                tokens.append((token, id))
            }
        }
    }

    /// The id of an added token; nil if it was not added.
    func id(_ content: String) -> Int32? {
        tokens.first { $0.token.content.equals(content) }?.id
    }
}

/// The tokens that are found in the text itself, and which of all tokens are special. They are large, so no text may
/// copy them.
struct AddedTokens: ~Copyable, Sendable {
    /// The tokens that are searched in the text as it was given.
    private(set) var verbatim = AddedTokenMatcher()
    /// The tokens that are searched in the normalized text.
    private(set) var normalized = AddedTokenMatcher()
    /// The ids of special tokens.
    private(set) var specialIDs: Set<Int32> = []
    /// The normalized texts of the tokens that are searched in normalized text, or were. These tokens are shown so.
    private(set) var normalizedTexts: [Int32: [UInt8]] = [:]
    /// The ids that decoding leaves out when it leaves out special tokens: the tokens whose shown text is that of a
    /// special token. (As in `tokenizers`, a special token that normalization changes is not left out.)
    private(set) var skippedIDs: Set<Int32> = []
    /// Tokens that are never found, because an earlier one is the same once normalized. In `tokenizers`, chance decides
    /// which of them is found.
    private var hidden: [AddedToken] = []

    /// - Parameters:
    ///   - tokens: with their ids, in the order in which they were added.
    ///   - normalizer: what is done to the text, and so to those tokens that are found in normalized text.
    ///   - splitsSpecial: Whether special tokens in a text are split like other words.
    ///   - path: the file they come from, for errors.
    init(
        _ tokens: [(token: AddedToken, id: Int32)],
        normalizer: Normalizer,
        splitsSpecial: Bool,
        path: String
    ) throws(ModelError) {
        let specialContents = Set(tokens.filter(\.token.isSpecial).map { Array($0.token.content.utf8) })
        for (token, id) in tokens {
            if token.isSpecial { specialIDs.insert(id) }
            let content = Array(token.content.utf8)
            guard content.count <= AddedTokenMatcher.maximumTokenBytes else {
                throw .wrongValue(
                    file: path,
                    key: "added_tokens",
                    found: "a token of \(content.count) bytes",
                    expected: "tokens of at most \(AddedTokenMatcher.maximumTokenBytes) bytes"
                )
            }
            let passes = splitsSpecial && token.isSpecial
            if token.isNormalized || token.isShownNormalized {
                // A pattern that is too expensive leaves the token as it is; no text would be normalized by it either.
                normalizedTexts[id] = (try? normalizer.normalized(content.span, 0..<content.count).bytes) ?? content
            }
            let isNew =
                if token.isNormalized {
                    normalized.insert(token, id: id, pattern: normalizedTexts[id] ?? content, isPassedOver: passes)
                } else {
                    verbatim.insert(token, id: id, pattern: content, isPassedOver: passes)
                }
            if specialContents.contains(normalizedTexts[id] ?? content) { skippedIDs.insert(id) }
            if !isNew { hidden.append(token) }
        }
    }

    /// Says which tokens are never found.
    var warnings: [String] {
        guard !hidden.isEmpty else { return [] }
        return [
            "added tokens that are never found, because another is the same once normalized: "
                + hidden.map { quoted($0.content) }.joined(separator: ", ")
        ]
    }
}
