import Encoder
import HTTPProtocol
import Inference
import JSON
import Synchronization

/// The output of `/embed_all` for each input, with the names of transformers' outputs.
enum TokenOutput: String, CaseIterable {
    case lastHiddenState = "last_hidden_state"
    case hiddenStates = "hidden_states"
    case pooler

    static func available(in model: LoadedModel) -> [TokenOutput] {
        allCases.filter { $0 != .pooler || model.encoder.hasPooler }
    }
}

extension TEIRoutes {
    /// `[[[float]]]`: the last hidden state of each input's tokens, or the output that `output` and `layers` name. It
    /// is written row by row as the client reads.
    static func embedAll(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inference = try context.inference
        let (outcome, holding) = try await inference.embedAll(
            fields.inputs(),
            fields.tokenOutput(of: inference),
            options: fields.inputOptions()
        )
        let pages = TokenVectorPages(outputs: outcome.value, holding: holding)
        var response = Response.json([])
        if pages.vectors <= unstreamedVectors {
            response.body = .bytes(pages.all())
        } else {
            response.body = .stream { pages.next() }
        }
        return response.noting(outcome.usage, of: request, in: context)
    }

    /// Up to this many vectors are written in one piece: a few megabytes.
    private static let unstreamedVectors = 256
}

extension RequestFields {
    /// The output that `output` and `layers` name. `layers` has an effect on hidden states only.
    fileprivate func tokenOutput(of inference: InferenceService) throws -> OutputRequest {
        let output = try choice("output", TokenOutput.self, aliases: ["pooler_output": .pooler])
        let layers = try layers(of: inference)
        switch output ?? (layers == nil ? .lastHiddenState : .hiddenStates) {
        case .hiddenStates: return layers ?? .hiddenStates(layers: nil)
        case .lastHiddenState: return .lastHiddenState
        case .pooler: return .pooled(.pooler)
        }
    }

    /// `layers`: a list of numbers, one number, or "all".
    private func layers(of inference: InferenceService) throws -> OutputRequest? {
        switch try option("layers") {
        case nil: nil
        case .string("all"): .hiddenStates(layers: nil)
        case .number: try inference.hiddenStates(integer("layers").map { [$0] } ?? [])
        default: try inference.hiddenStates(integers("layers") ?? [])
        }
    }
}

/// Writes outputs as nested lists in pages, so that the text of one page at a time is in memory, at the speed at which
/// the client reads. The lock guards the position; pages are requested one after another.
final class TokenVectorPages: Sendable {
    private struct Place {
        var output = 0
        /// The next row of the output's last dimension.
        var row = 0
        var writer = JSONWriter(reservingBytes: 0)
        var isDone = false
    }

    /// A page ends when it has at least this many bytes: a few socket buffers.
    private static let pageBytes = 256 << 10

    private let outputs: [EncoderOutput]
    /// The part of the limit on token vectors that this answer holds, until the last page is written or the answer is
    /// dropped.
    private let holding: Allowance.Holding
    private let place = Mutex(Place())

    /// - Parameter outputs: arrays of any shapes, such as `[tokens, hidden_size]`.
    init(outputs: [EncoderOutput], holding: Allowance.Holding) {
        self.outputs = outputs
        self.holding = holding
    }

    /// The total number of rows. A row is along the last dimension.
    var vectors: Int { outputs.reduce(0) { $0 + $1.values.count / max(1, $1.shape.last ?? 1) } }

    /// The next page; nil after the last.
    func next() -> [UInt8]? {
        place.withLock { place in
            guard !place.isDone else { return nil }
            write(into: &place, upTo: Self.pageBytes)
            return place.writer.takeBytes()
        }
    }

    /// The capacity to reserve for the next page: enough for the remaining rows, and at most enough for a page whose
    /// last row goes beyond the limit. Most answers are a few kilobytes, and hundreds may be in work at once.
    private func capacity(at place: Place, upTo limit: Int) -> Int {
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
        place.writer.reserve(capacity(at: place, upTo: limit))
        if place.output == 0, place.row == 0 { place.writer.beginArray() }
        while place.output < outputs.count {
            let output = outputs[place.output]
            let size = output.shape.last ?? output.values.count
            // The number of rows in each list, from the outermost list inwards. The innermost lists are the rows
            // themselves.
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
