import Synchronization
import Testing

@testable import swiftlet

@Suite("Working on many texts")
struct TextPipelineTests {
    @Test("results come in the texts' order, however long each takes")
    func order() async throws {
        let texts = (0..<500).map { "\($0)" }
        var results: [String] = []
        try await TextPipeline.run(.arguments(texts)) { text in
            // Later texts are often done first.
            for _ in 0..<(text.index * 7919 % 50) { await Task.yield() }
            return text.content
        } emit: { text, result in
            #expect(text.index == results.count)
            results.append(result)
        }
        #expect(results == texts)
    }

    @Test("no more texts are taken up than the window holds, and long ones count for more")
    func window() async throws {
        let inWork = Mutex((now: 0, most: 0))
        let long = String(repeating: "x", count: TextPipeline.bytesPerSlot * 9)
        for (text, most) in [("x", TextPipeline.maxTextsInWork), (long, TextPipeline.maxTextsInWork / 10)] {
            inWork.withLock { $0 = (0, 0) }
            try await TextPipeline.run(.arguments(Array(repeating: text, count: 600))) { _ in
                inWork.withLock { counts in
                    counts.now += 1
                    counts.most = max(counts.most, counts.now)
                }
                await Task.yield()
            } emit: { _, _ in
                inWork.withLock { $0.now -= 1 }
            }
            #expect(inWork.withLock(\.most) <= most)
        }
    }

    @Test("the first error in the texts' order ends the run, after the results before it")
    func errors() async {
        struct Failure: Error, Equatable { var index: Int }
        var emitted = 0
        await #expect(throws: Failure(index: 3)) {
            try await TextPipeline.run(.arguments((0..<50).map { "\($0)" })) { text in
                if text.index == 3 { for _ in 0..<100 { await Task.yield() } }
                if text.index >= 3 { throw Failure(index: text.index) }
            } emit: { _, _ in
                emitted += 1
            }
        }
        #expect(emitted == 3)
    }

    @Test("a source that cannot be opened is the run's error")
    func noSource() async {
        await #expect(throws: CommandError.self) {
            try await TextPipeline.run(.file(path: "/nonexistent"), work: { _ in }, emit: { _, _ in })
        }
    }
}
