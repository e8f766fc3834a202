import Encoder
import HTTPProtocol
import Inference
import JSON

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
        return pages(outcome.value, holding: holding).response().noting(outcome.usage, of: request, in: context)
    }

    /// The answer for outputs.
    ///
    /// - Parameter holding: the part of the limit on token vectors that the answer holds until it is dropped, which is
    ///   when its last page is written or its client has disconnected.
    static func pages(_ outputs: [EncoderOutput], holding: Allowance.Holding) -> AnswerPages {
        let rows = OutputRows(outputs)
        return AnswerPages(count: rows.count, itemBytes: rows.rowBytes) {
            $0.beginArray()
        } item: { writer, row in
            withExtendedLifetime(holding) { rows.write(row, to: &writer) }
        } end: {
            $0.endArray()
        }
    }
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

/// The rows of outputs, which are along the last dimension, as nested lists in JSON.
struct OutputRows: Sendable {
    private let outputs: [EncoderOutput]
    /// The number of rows before each output.
    private let firsts: [Int]
    /// The number of rows of all outputs.
    let count: Int

    /// - Parameter outputs: arrays of any shapes, such as `[tokens, hidden_size]`.
    init(_ outputs: [EncoderOutput]) {
        var count = 0
        firsts = outputs.map { output in
            defer { count += output.values.count / max(1, output.shape.last ?? 1) }
            return count
        }
        self.outputs = outputs
        self.count = count
    }

    /// The most bytes of a row's JSON.
    var rowBytes: Int { (outputs.lazy.map { $0.shape.last ?? 0 }.max() ?? 0) * JSONWriter.maxFloatBytes + 16 }

    /// Writes a row, with the beginnings of the lists that begin with it and the ends of those that end with it.
    func write(_ index: Int, to writer: inout JSONWriter) {
        let place = firsts.partitioned { $0 > index } - 1
        let (output, row) = (outputs[place], index - firsts[place])
        let size = output.shape.last ?? output.values.count
        // The number of rows in each list, from the outermost list inwards. The innermost lists are the rows
        // themselves.
        let lists = output.shape.indices.dropLast().map { output.shape[$0...].dropLast().reduce(1, *) }
        for rows in lists where row.isMultiple(of: rows) { writer.beginArray() }
        writer.numbers(output.values[row * size..<(row + 1) * size])
        for rows in lists where (row + 1).isMultiple(of: rows) { writer.endArray() }
    }
}

extension [Int] {
    /// The index of the first element for which `isLater` is true, in an array where it is true for all that follow.
    fileprivate func partitioned(_ isLater: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isLater(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
