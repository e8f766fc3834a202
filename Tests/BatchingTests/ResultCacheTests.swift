import TestSupport
import Testing

@testable import Batching

@Suite("The cache of results")
struct ResultCacheTests {
    @Test("removes the least recently used result first")
    func order() {
        var cache = ResultCache<String, Int>(limit: 30)
        for (index, key) in ["a", "b", "c"].enumerated() { cache.keep(index, for: key, bytes: 10) }
        #expect(cache.value(for: "a") == 0)
        cache.keep(3, for: "d", bytes: 10)
        #expect(cache.value(for: "b") == nil)
        #expect(["a", "c", "d"].map { cache.value(for: $0) } == [0, 2, 3])
        #expect(cache.bytes == 30 && cache.count == 3 && cache.evictions == 1 && cache.hits == 4 && cache.misses == 1)
    }

    @Test("keeps nothing that is larger than itself, and nothing at all at a limit of 0")
    func limits() {
        var cache = ResultCache<Int, Int>(limit: 10)
        cache.keep(1, for: 1, bytes: 11)
        #expect(cache.count == 0 && cache.value(for: 1) == nil)
        var none = ResultCache<Int, Int>(limit: 0)
        none.keep(1, for: 1, bytes: 1)
        #expect(none.value(for: 1) == nil && none.count == 0 && none.misses == 0)
    }

    @Test("holds the same results as a simple list with the same rules")
    func model() {
        var generator = SeededGenerator(seed: 9)
        var cache = ResultCache<Int, Int>(limit: 500)
        var list: [(key: Int, bytes: Int)] = []
        for _ in 0..<20_000 {
            let key = Int.random(in: 0..<60, using: &generator)
            if Bool.random(using: &generator) {
                let found = list.firstIndex { $0.key == key }
                #expect(cache.value(for: key) == found.map { _ in key })
                if let found { list.append(list.remove(at: found)) }
            } else if !list.contains(where: { $0.key == key }) {
                let bytes = Int.random(in: 1...90, using: &generator)
                cache.keep(key, for: key, bytes: bytes)
                while list.reduce(bytes, { $0 + $1.bytes }) > 500 { list.removeFirst() }
                list.append((key, bytes))
            }
            #expect(cache.bytes == list.reduce(0) { $0 + $1.bytes } && cache.count == list.count)
        }
    }
}
