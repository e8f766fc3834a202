import Foundation
import Testing

@testable import Tokenization

/// A text, and the result of Hugging Face's tokenizer for it.
struct ReferenceCase: Decodable {
    var text: String
    var pair: String?
    var maxLength: Int?
    var direction: String?
    var addSpecialTokens: Bool
    var ids: [Int32]
    var typeIds: [Int32]
    var tokens: [String]?
    /// In Unicode scalars.
    var offsets: [[Int32]]
    var specialTokensMask: [Int]?

    /// The cases of a file, one on each line.
    static func read(_ file: URL) throws -> [ReferenceCase] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: file).split(separator: 0x0A).map {
            try decoder.decode(ReferenceCase.self, from: $0)
        }
    }

    var options: EncodingOptions {
        let direction = direction.flatMap(TruncationDirection.init(rawValue:)) ?? .right
        return EncodingOptions(
            addSpecialTokens: addSpecialTokens,
            truncation: maxLength.map { Truncation(maxLength: $0, direction: direction) }
        )
    }

    /// Compares a tokenizer's result with this one, field by field. `owner` names the tokenizer in failures.
    func check(
        _ tokenizer: Tokenizer,
        of owner: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let encoding = try tokenizer.encode(text, pair: pair, options: options)
        let found = encoding.offsets(in: .scalar, text: text, pair: pair).map { [$0.lowerBound, $0.upperBound] }
        let name = Comment(rawValue: "\(owner) text \(text.debugDescription), pair \(pair.debugDescription)")
        #expect(encoding.ids == ids, name, sourceLocation: sourceLocation)
        #expect(encoding.typeIDs == typeIds, name, sourceLocation: sourceLocation)
        #expect(found == offsets, name, sourceLocation: sourceLocation)
        if let tokens {
            let texts = encoding.ids.map { tokenizer.token(id: $0).map { Array($0.unicodeScalars) } }
            #expect(texts == tokens.map { Array($0.unicodeScalars) }, name, sourceLocation: sourceLocation)
        }
        if let specialTokensMask {
            let mask = encoding.specialTokensMask.map { $0 ? 1 : 0 }
            #expect(mask == specialTokensMask, name, sourceLocation: sourceLocation)
        }
    }
}
