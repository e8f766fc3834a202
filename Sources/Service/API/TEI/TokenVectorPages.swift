import Encoder
import JSON
import Synchronization

/// Writes `[[[float]]]` in pages, so that megabytes of text exist only as the client reads them. The lock guards the
/// place reached; pages are asked for one after another.
final class TokenVectorPages: Sendable {
    private struct Place {
        var output = 0
        var token = 0
        var writer = JSONWriter(reservingBytes: TokenVectorPages.pageBytes * 2)
        var isDone = false
    }

    /// A page is handed over as soon as it is this large: a few socket buffers.
    private static let pageBytes = 256 << 10

    private let outputs: [EncoderOutput]
    /// Kept until the last page is written or the answer is dropped.
    private let holding: Allowance.Holding
    private let place = Mutex(Place())

    /// - Parameter outputs: last hidden states, each `[tokens, hidden_size]`.
    init(outputs: [EncoderOutput], holding: Allowance.Holding) {
        self.outputs = outputs
        self.holding = holding
    }

    /// The next page; nil after the last.
    func next() -> [UInt8]? {
        place.withLock { place in
            guard !place.isDone else { return nil }
            write(into: &place, upTo: Self.pageBytes)
            return place.writer.takeBytes()
        }
    }

    /// All pages as one.
    func all() -> [UInt8] {
        place.withLock { place in
            write(into: &place, upTo: .max)
            return place.writer.takeBytes()
        }
    }

    private func write(into place: inout Place, upTo limit: Int) {
        if place.output == 0, place.token == 0 { place.writer.beginArray() }
        while place.output < outputs.count {
            let output = outputs[place.output]
            let (tokens, size) = (output.shape[0], output.shape[1])
            if place.token == 0 { place.writer.beginArray() }
            while place.token < tokens {
                place.writer.numbers(output.values[place.token * size..<(place.token + 1) * size])
                place.token += 1
                if place.writer.bytes.count >= limit { return }
            }
            place.writer.endArray()
            place.output += 1
            place.token = 0
        }
        place.writer.endArray()
        place.isDone = true
    }
}
