import Encoder
import HTTPServer
import JSON

/// What `/embed_all` gives of each input: the names of transformers' outputs.
enum TokenOutput: String, CaseIterable {
    case lastHiddenState = "last_hidden_state"
    case hiddenStates = "hidden_states"
    case pooler

    static func available(in model: LoadedModel) -> [TokenOutput] {
        allCases.filter { $0 != .pooler || model.encoder.hasPooler }
    }
}

extension TEIRoutes {
    /// `[[[float]]]`, the last hidden state of each input's tokens, or what `output` and `layers` ask for; written row
    /// by row as the client reads.
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

    /// Up to here the vectors are written in one piece: a few megabytes.
    private static let unstreamedVectors = 256
}

extension RequestFields {
    /// What `output` and `layers` ask for; `layers` has no meaning beside another output than hidden states.
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
