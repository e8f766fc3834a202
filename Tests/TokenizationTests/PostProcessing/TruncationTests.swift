import Testing

@testable import Tokenization

@Suite("Truncation")
struct TruncationTests {
    /// The lengths, the limit, and the numbers of tokens that tokenizers keeps (measured with 0.23.3).
    static let cases: [(Int, Int, Int, Int, Int)] = [
        (0, 0, 7, 0, 0), (0, 8, 7, 0, 7), (2, 8, 7, 2, 5), (4, 8, 7, 3, 4), (8, 0, 7, 7, 0), (8, 2, 7, 5, 2),
        (8, 4, 7, 4, 3),
        (8, 8, 7, 3, 4), (2, 2, 7, 2, 2), (4, 4, 0, 0, 0), (4, 4, 1, 0, 1), (5, 4, 1, 1, 0), (9, 9, 2, 1, 1),
    ]

    @Test("Only the longer text is cut, then both, the odd token going to the one that was longer", arguments: cases)
    func keptLengths(first: Int, second: Int, limit: Int, keptFirst: Int, keptSecond: Int) {
        #expect(Truncation.keptLengths(first, second, limit: limit) == (keptFirst, keptSecond))
    }

    @Test(
        "By the strategy only_first the pair is kept, and nothing is cut where that would take all of the text",
        arguments: [(5, 3, 6, 3), (5, 3, 4, 1), (5, 3, 3, 5), (2, 9, 6, 2), (2, 3, 6, 2)]
    )
    func onlyFirst(first: Int, second: Int, limit: Int, keptFirst: Int) {
        let truncation = Truncation(maxLength: limit, strategy: .onlyFirst)
        #expect(truncation.keptLengths(first, second, limit: limit) == (keptFirst, second))
        #expect(truncation.keptLengths(first, nil, limit: limit) == (min(first, limit), 0))
    }

    @Test("One text keeps as many tokens as are allowed, from either end")
    func oneText() {
        #expect(Truncation.keptLengths(5, nil, limit: 3) == (3, 0))
        #expect(Truncation.keptLengths(2, nil, limit: 3) == (2, 0))
        #expect(Truncation(maxLength: 3, direction: .right).keptRange(of: 5, kept: 3) == 0..<3)
        #expect(Truncation(maxLength: 3, direction: .left).keptRange(of: 5, kept: 3) == 2..<5)
    }

    @Test("The kept tokens are never more than the limit or the text's tokens")
    func bounds() {
        for first in 0..<12 {
            for second in 0..<12 {
                for limit in 0..<26 {
                    let kept = Truncation.keptLengths(first, second, limit: limit)
                    #expect(kept.first <= first && kept.second <= second)
                    #expect(kept.first + kept.second == min(limit, first + second))
                }
            }
        }
    }
}
