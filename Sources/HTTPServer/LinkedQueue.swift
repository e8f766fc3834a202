/// A queue whose elements are linked through themselves. So an element can leave it from any position in O(1), and
/// costs no memory beyond its two references to its neighbours.
///
/// An element is in at most one queue. An element that is in a queue is kept alive by it.
struct LinkedQueue<Element: Linked> {
    /// The element that was appended first.
    private(set) var first: Element?
    private var last: Element?
    private(set) var count = 0

    /// Adds an element that is in no queue.
    mutating func append(_ element: Element) {
        element.links = Links(previous: last, next: nil, isLinked: true)
        if let last { last.links.next = element } else { first = element }
        last = element
        count += 1
    }

    /// Removes an element; nothing happens if it is not in the queue.
    mutating func remove(_ element: Element) {
        let links = element.links
        guard links.isLinked else { return }
        element.links = Links()
        if let previous = links.previous { previous.links.next = links.next } else { first = links.next }
        if let next = links.next { next.links.previous = links.previous } else { last = links.previous }
        count -= 1
    }
}

/// An element of a ``LinkedQueue``.
protocol Linked: AnyObject {
    var links: Links<Self> { get set }
}

/// The neighbours of an element in its queue.
struct Links<Element: AnyObject> {
    var previous: Element?
    var next: Element?
    var isLinked = false
}
