import Encoder
import JSON
import Synchronization

/// Writes outputs as a list of nested lists in pages, so that megabytes of text exist only as the client reads them.
/// The lock guards the place reached; pages are asked for one after another.
final class TokenVectorPages: Sendable {
    private struct Place {
        var output = 0
        /// The next row of the output's last dimension.
        var row = 0
        var writer = JSONWriter(reservingBytes: 0)
        var isDone = false
    }

    /// A page is handed over as soon as it is this large: a few socket buffers.
    private static let pageBytes = 256 << 10

    private let outputs: [EncoderOutput]
    /// Kept until the last page is written or the answer is dropped.
    private let holding: Allowance.Holding
    private let place = Mutex(Place())

    /// - Parameter outputs: of any shapes: `[tokens, hidden_size]`, for example.
    init(outputs: [EncoderOutput], holding: Allowance.Holding) {
        self.outputs = outputs
        self.holding = holding
    }

    /// How many rows of the last dimensions there are in all.
    var vectors: Int { outputs.reduce(0) { $0 + $1.values.count / max(1, $1.shape.last ?? 1) } }

    /// The next page; nil after the last.
    func next() -> [UInt8]? {
        place.withLock { place in
            guard !place.isDone else { return nil }
            write(into: &place, upTo: Self.pageBytes)
            return place.writer.takeBytes()
        }
    }

    /// Room for the next page: for what is left, but for no more than a page whose last row goes beyond its limit. Most
    /// answers are a few kilobytes, and hundreds may be in work at once.
    private func room(at place: Place, upTo limit: Int) -> Int {
        let widest = outputs.lazy.map { $0.shape.last ?? 0 }.max() ?? 0
        let left = outputs.dropFirst(place.output).reduce(0) { $0 + $1.values.count } - place.row * widest
        return min(max(0, left) * JSONWriter.maxFloatBytes, limit) + widest * JSONWriter.maxFloatBytes
    }

    /// All pages as one.
    func all() -> [UInt8] {
        place.withLock { place in
            write(into: &place, upTo: .max)
            return place.writer.takeBytes()
        }
    }

    private func write(into place: inout Place, upTo limit: Int) {
        place.writer.reserve(room(at: place, upTo: limit))
        if place.output == 0, place.row == 0 { place.writer.beginArray() }
        while place.output < outputs.count {
            let output = outputs[place.output]
            let size = output.shape.last ?? output.values.count
            // How many rows each list holds that is not a row itself, from the outside in.
            let lists = output.shape.indices.dropLast().map { output.shape[$0...].dropLast().reduce(1, *) }
            while place.row * size < output.values.count {
                for rows in lists where place.row.isMultiple(of: rows) { place.writer.beginArray() }
                place.writer.numbers(output.values[place.row * size..<(place.row + 1) * size])
                place.row += 1
                for rows in lists where place.row.isMultiple(of: rows) { place.writer.endArray() }
                if place.writer.bytes.count >= limit { return }
            }
            place.output += 1
            place.row = 0
        }
        place.writer.endArray()
        place.isDone = true
    }
}
