import Compute
import Encoder
import Testing

@testable import swiftlet

@Suite("The parts of swiftlet bench")
struct BenchTests {
    @Test("shapes are numbers with an x between them")
    func shapes() throws {
        #expect(try BenchShapes(argument: "1x16,8x32").shapes.map(\.tokens) == [16, 256])
        #expect(BenchShapes.standard.names == "1x16,1x128,8x32,32x32,8x128,32x128,4x512")
        for wrong in ["", "8", "8x", "x8", "8x8x8", "0x8", "8x-1", "8x32,", "8 x 32", "99999999x1"] {
            #expect(throws: (any Error).self, "\(wrong)") { try BenchShapes(argument: wrong) }
        }
    }

    @Test("work is done once, and again while there is time")
    func medians() {
        #expect(Repetition.median([3, 1, 2]) == 2)
        #expect(Repetition.median([4, 1, 2, 3]) == 2.5)
        #expect(Repetition.median([]) == 0)
        var runs = 0
        _ = Repetition(budget: 0).median { runs += 1 }
        #expect(runs == 1)
        _ = Repetition(budget: 3600, mostRuns: 5).median { runs += 1 }
        #expect(runs == 6)
    }

    @Test("parts in balance are run side by side, others by all threads together")
    func plans() throws {
        func batch(_ texts: [[Int32]], threads: Int = 2) -> BenchBatch {
            BenchBatch(texts, request: .pooled(.mean), threads: threads)
        }
        let balanced = batch([[7, 8], [9], [10, 11, 12]])
        #expect(balanced.texts == 3 && balanced.tokens == 6)
        guard case .apart(let parts) = balanced.plan else { return #expect(Bool(false), "\(balanced.plan)") }
        #expect(parts.map(\.inputIDs) == [[10, 11, 12], [7, 8, 9, 0]])
        #expect(parts.map(\.attentionMask) == [[1, 1, 1], [1, 1, 1, 0]])
        let unbalanced = batch([[7, 8], [10, 11, 12]])
        guard case .together(let whole) = unbalanced.plan else { return #expect(Bool(false), "\(unbalanced.plan)") }
        #expect(whole.inputIDs == [7, 8, 0, 10, 11, 12])
        guard case .apart = batch([[1]], threads: 1).plan else { return #expect(Bool(false)) }
    }

    @Test("random ids stay in the vocabulary, and are the same in every run")
    func randomIDs() {
        for (size, range) in [(30_522, 1_000..<20_000), (500, 0..<500)] {
            var (one, other) = (RandomIDs(seed: 1, vocabularySize: size), RandomIDs(seed: 1, vocabularySize: size))
            let ids = (0..<1000).map { _ in one.next() }
            #expect(ids == (0..<1000).map { _ in other.next() })
            #expect(ids.allSatisfy { range.contains(Int($0)) })
            #expect(Set(ids).count > 400)
        }
    }

    @Test("a table has columns for measured values only")
    func table() {
        var figure = BenchFigure(shape: "8x32", settings: [], texts: 8, tokens: 256, bytes: nil, seconds: 0.0125)
        figure.settings = [.init(name: "dtype", value: .text("float32")), .init(name: "threads", value: .number(2))]
        #expect(
            BenchFigure.table([figure]) == [
                "dtype float32, threads 2",
                "shape  texts  tokens      ms  texts/s  tokens/s",
                "8x32       8     256  12.500      640     20480",
            ]
        )
        let line = String(decoding: figure.jsonLine, as: UTF8.self)
        #expect(
            line == #"{"shape":"8x32","dtype":"float32","threads":2,"texts":8,"tokens":256,"seconds":0.0125}"# + "\n"
        )
        #expect(BenchFigure.table([]) == [])
    }
}
