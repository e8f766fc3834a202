import Encoder
import HTTPProtocol
import JSON
import Testing

@testable import Inference
@testable import Service

@Suite("Token vectors in pages")
struct TokenVectorPagesTests {
    private let allowance = Allowance(limit: 1_000_000)

    private func pages(_ tokens: [Int], size: Int) throws -> AnswerPages {
        let outputs = tokens.map { count in
            EncoderOutput(values: (0..<count * size).map { Float($0) / 7 }, shape: [count, size])
        }
        return TEIRoutes.pages(outputs, holding: try #require(allowance.take(tokens.reduce(0, +))))
    }

    @Test("are together the same document as all at once", arguments: [[3, 1, 2], [1500, 1, 900], [400], [2, 3000]])
    func samePages(tokens: [Int]) throws {
        var joined: [UInt8] = []
        var count = 0
        let paged = try pages(tokens, size: 48)
        while let page = paged.next() {
            #expect(!page.isEmpty)
            joined += page
            count += 1
        }
        #expect(paged.next() == nil)
        #expect(count >= joined.count / (1 << 20))
        // The numbers are those of the outputs, in their order.
        var expected = JSONWriter()
        expected.array(tokens) { writer, count in
            writer.array(0..<count) { $0.numbers(($1 * 48..<($1 + 1) * 48).map { Float($0) / 7 }) }
        }
        #expect(joined == expected.bytes)
        guard case .array(let outputs) = try JSONParser.parse(joined) else { throw Unexpected() }
        let rows = try outputs.map { output in
            guard case .array(let rows) = output else { throw Unexpected() }
            return rows.count
        }
        #expect(rows == tokens)
    }

    @Test("of a short answer take room for it, not for a page", arguments: [1, 3, 200])
    func room(tokens: Int) throws {
        guard case .bytes(let whole) = try pages([tokens, 1], size: 8).response().body else { throw Unexpected() }
        let page = try #require(try pages([tokens, 1], size: 8).next())
        #expect(page.capacity < 4 * page.count + 512 && whole.capacity < 4 * whole.count + 512)
        let first = try #require(try pages([4000], size: 48).next())
        #expect(first.capacity < 300 << 10 && first.count >= 256 << 10)
    }

    @Test("hold their allowance until they are dropped, read to the end or not")
    func holding() throws {
        var unread: AnswerPages? = try pages([2000], size: 48)
        #expect(unread?.next() != nil && allowance.inUse == 2000)
        unread = nil
        #expect(allowance.inUse == 0)
    }

    private struct Unexpected: Error {}
}
