import TestSupport
import Testing

@testable import HTTPServer

@Suite struct LinkedQueueTests {
    private final class Element: Linked {
        let number: Int
        var links = Links<Element>()

        init(_ number: Int) { self.number = number }
    }

    private static func numbers(_ queue: LinkedQueue<Element>) -> [Int] {
        var numbers: [Int] = []
        var next = queue.first
        while let element = next {
            numbers.append(element.number)
            next = element.links.next
        }
        return numbers
    }

    @Test("elements keep the order in which they were appended, whichever of them leave", arguments: 0..<20)
    func order(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let elements = (0..<12).map { Element($0) }
        var queue = LinkedQueue<Element>()
        var expected: [Int] = []
        for _ in 0..<300 {
            let element = elements[Int.random(in: 0..<elements.count, using: &generator)]
            if expected.contains(element.number) || Bool.random(using: &generator) {
                queue.remove(element)
                expected.removeAll { $0 == element.number }
            } else {
                queue.append(element)
                expected.append(element.number)
            }
            #expect(Self.numbers(queue) == expected && queue.count == expected.count)
            #expect(queue.first?.number == expected.first)
        }
    }

    @Test("an element that has left holds no other one alive")
    func releases() {
        var queue = LinkedQueue<Element>()
        weak var second: Element?
        let first = Element(1)
        queue.append(first)
        do {
            let other = Element(2)
            second = other
            queue.append(other)
            queue.remove(first)
            queue.remove(other)
        }
        #expect(second == nil && queue.first == nil && first.links.next == nil)
    }
}
