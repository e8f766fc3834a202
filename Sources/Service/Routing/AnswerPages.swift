import HTTPProtocol
import JSON
import Synchronization

/// A JSON answer with many items, written in pages, so that megabytes of text exist only as the client reads them.
///
/// The lock guards the writer and the position; pages are asked for one after another.
final class AnswerPages: Sendable {
    private struct Place {
        var writer = JSONWriter(reservingBytes: 0)
        var item = 0
        var hasBegun = false
        var isDone = false
    }

    /// The bytes from which a page is handed over: a few socket buffers.
    static let pageBytes = 256 << 10
    /// The size from which an answer is written in pages. Smaller ones have a length, which clients like to see.
    static let pagedBytes = 1 << 20

    private let count: Int
    private let itemBytes: Int
    private let begin: @Sendable (inout JSONWriter) -> Void
    private let writeItem: @Sendable (inout JSONWriter, Int) -> Void
    private let end: @Sendable (inout JSONWriter) -> Void
    private let place = Mutex(Place())

    /// - Parameters:
    ///   - count: the number of items.
    ///   - itemBytes: about the most bytes of one item's JSON.
    ///   - begin: writes everything before the items, the beginning of their array included.
    ///   - item: writes the item with an index.
    ///   - end: writes everything behind the items, the end of their array included.
    init(
        count: Int,
        itemBytes: Int,
        begin: @escaping @Sendable (inout JSONWriter) -> Void,
        item: @escaping @Sendable (inout JSONWriter, Int) -> Void,
        end: @escaping @Sendable (inout JSONWriter) -> Void
    ) {
        self.count = count
        self.itemBytes = max(1, itemBytes)
        self.begin = begin
        self.writeItem = item
        self.end = end
    }

    /// The next page; nil after the last.
    func next() -> [UInt8]? { page(upTo: Self.pageBytes) }

    /// The whole answer where it is small; else the pages.
    func response() -> Response {
        var response = Response.json([])
        if count <= Self.pagedBytes / itemBytes {
            response.body = .bytes(page(upTo: .max) ?? [])
        } else {
            response.body = .stream { self.next() }
        }
        return response
    }

    private func page(upTo limit: Int) -> [UInt8]? {
        place.withLock { place in
            guard !place.isDone else { return nil }
            place.writer.reserve(min(limit, (count - place.item) * itemBytes) + itemBytes)
            if !place.hasBegun { begin(&place.writer) }
            place.hasBegun = true
            while place.item < count, place.writer.bytes.count < limit {
                writeItem(&place.writer, place.item)
                place.item += 1
            }
            if place.item == count {
                end(&place.writer)
                place.isDone = true
            }
            return place.writer.takeBytes()
        }
    }
}
