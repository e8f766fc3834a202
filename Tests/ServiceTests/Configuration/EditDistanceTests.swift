import Testing

@testable import Service

@Suite("The nearest known name")
struct EditDistanceTests {
    @Test(
        "insertions, deletions, substitutions and swaps count one each, either way round",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("port", "prot", 1), ("ab", "ba", 1),
            ("abc", "cba", 2), ("a", "b", 1),
        ]
    )
    func distances(first: String, second: String, expected: Int) {
        #expect(EditDistance.distance(Array(first.utf8), Array(second.utf8)) == expected)
        #expect(EditDistance.distance(Array(second.utf8), Array(first.utf8)) == expected)
    }

    @Test("a slip finds the name that was meant")
    func slips() {
        #expect(EditDistance.nearest(to: "hots", among: ["port", "host"]) == "host")
        #expect(
            EditDistance.nearest(to: "max_batch_text", among: ["max_queue_texts", "max_batch_texts"])
                == "max_batch_texts"
        )
    }

    @Test("nothing near is nothing")
    func nothingNear() {
        #expect(EditDistance.nearest(to: "zzzz", among: ["port", "host"]) == nil)
        #expect(EditDistance.nearest(to: "port", among: []) == nil)
        #expect(EditDistance.nearest(to: String(repeating: "port", count: 10_000), among: ["port"]) == nil)
    }
}
