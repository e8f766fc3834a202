import Encoder
import Host
import Inference
import JSON
import Tokenization

/// The OpenAPI document of one served model, made from the template openapi.json. It has that model's limits, leaves
/// out the operations that the model cannot do, and has every path of the table of routes.
///
/// In the template, `"@name@"` stands for a value of the model, and an object with a key `x-needs` is left out if the
/// model lacks the named ability. Errors, path parameters and a route's further paths are added to each operation.
struct OpenAPIDocument {
    private let inference: InferenceService
    private let values: [String: JSONValue]

    init(_ inference: InferenceService) {
        self.inference = inference
        let shape = inference.model.encoder.configuration
        let poolings = Pooling.allCases.filter { $0 != .pooler || inference.model.encoder.hasPooler }
        // Examples of texts are examples of ids for a model that takes no texts.
        let hasTokenizer = inference.model.tokenizer != nil
        let otherFunctions = ScoreFunction.allCases
            .filter { $0 != inference.model.encoder.classifier?.problemType.scoreFunction }
        values = [
            "@version@": .string(SwiftletVersion.current),
            "@model@": .string(inference.model.name),
            "@embedding_size@": .number("\(inference.embeddingSize)"),
            "@normalizes@": .boolean(inference.model.embedding.normalizes),
            "@first_layer@": .number("\(-shape.layerCount - 1)"),
            "@last_layer@": .number("\(shape.layerCount)"),
            "@token_outputs@": .array(
                TokenOutput.available(in: inference.model).map { .string($0.rawValue) } + [.null]
            ),
            "@example@": hasTokenizer
                ? .string("A gorgeous, witty, seductive movie.") : .array([1, 2, 3].map { .number("\($0)") }),
            "@other_example@": hasTokenizer
                ? .string("Dull, long and predictable.") : .array([4, 5].map { .number("\($0)") }),
            "@example_ids@": .array(Self.exampleIDs(of: inference.model.tokenizer).map { .number("\($0)") }),
            "@max_input_id@": .number("\(shape.vocabularySize - 1)"),
            "@max_decodable_id@": .number("\((inference.model.tokenizer?.vocabularySize ?? 1) - 1)"),
            "@poolings@": .array(poolings.map { .string($0.rawValue) } + [.null]),
            "@prompt_names@": .array(inference.model.prompts.names.map(JSONValue.string) + [.null]),
            "@other_functions@": .array(otherFunctions.map { .string($0.rawValue) }),
            "@infer_outputs@": .array(InferOutput.available(in: inference.model).map { .string($0.rawValue) }),
        ]
    }

    /// The ids of a short text, for examples of bodies; none if the model has no tokenizer.
    private static func exampleIDs(of tokenizer: Tokenizer?) -> [Int] {
        (try? tokenizer?.encode("a fine film").ids.map { Int($0) }) ?? []
    }

    /// The document as JSON.
    func bytes(of table: RouteTable) throws -> [UInt8] {
        let template = try JSONParser.parse(PackageResources.openapi_json)
        guard case .object(let members) = adapted(template) ?? .null, case .object(let items)? = members["paths"] else {
            throw ServiceError(500, .backend, "openapi.json has no paths")
        }
        var writer = JSONWriter(reservingBytes: PackageResources.openapi_json.count * 2)
        writer.object { writer in
            for member in members.members {
                writer.key(member.key)
                if member.key == "paths" {
                    write(items, of: table, to: &writer)
                } else {
                    writer.value(member.value)
                }
            }
        }
        return writer.bytes
    }

    // MARK: What the model can do

    /// The value adapted to this model; nil if the model has no use for it.
    private func adapted(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .string(let text):
            return values[text] ?? value
        case .array(let elements):
            return .array(elements.compactMap(adapted))
        case .object(let object):
            if case .string(let need)? = object["x-needs"], !has(need) { return nil }
            var kept = JSONObject()
            for member in object.members where member.key != "x-needs" {
                // If the model takes no text, the schema of a text accepts nothing.
                let isText = member.key == "Text" && !has("tokenizer")
                guard let value = isText ? .boolean(false) : adapted(member.value) else { continue }
                _ = kept.append(member.key, value)
            }
            return .object(kept)
        default:
            return value
        }
    }

    private func has(_ need: String) -> Bool {
        let model = inference.model
        return switch need {
        case "tokenizer": model.tokenizer != nil
        case "classifier": model.encoder.classifier != nil
        case "calibration": model.encoder.classifier?.isCalibrated == true
        case "reranker": model.encoder.classifier?.labels.count == 1 && model.tokenizer != nil
        case "zeroShot": model.encoder.classifier?.judgesEntailment == true && model.tokenizer != nil
        default: hasHead(need)
        }
    }

    /// Whether the model has a head of that name and takes texts.
    private func hasHead(_ name: String) -> Bool {
        guard let head = Head(rawValue: name) else { preconditionFailure("openapi.json: x-needs: \(name)") }
        return inference.model.encoder.heads.contains(head) && inference.model.tokenizer != nil
    }

    // MARK: Paths

    /// Writes every path of every route. If the model cannot do any operation of a path, the path is there without
    /// operations.
    private func write(_ items: JSONObject, of table: RouteTable, to writer: inout JSONWriter) {
        writer.object { writer in
            for path in table.paths {
                writer.key(path)
                writer.object { writer in
                    for (method, main) in table.operations(on: path) {
                        let item = items[path]?.member(method) ?? items[main]?.member(method)
                        guard case .object(let operation)? = item else { continue }
                        writer.key(method)
                        write(operation, on: path, isWork: method == "post", to: &writer)
                    }
                }
            }
        }
    }

    private func write(_ operation: JSONObject, on path: String, isWork: Bool, to writer: inout JSONWriter) {
        let parameters = path.pieces(separatedBy: "/").filter { $0.begins(with: "{") }.map { $0.dropFirst().dropLast() }
        writer.object { writer in
            for member in operation.members where member.key != "responses" {
                writer.key(member.key)
                writer.value(member.value)
            }
            if !parameters.isEmpty {
                writer.key("parameters")
                writer.array(parameters) { $0.reference("parameters/\($1)") }
            }
            writer.key("responses")
            writer.object { writer in
                if case .object(let responses)? = operation["responses"] {
                    for member in responses.members {
                        writer.key(member.key)
                        writer.value(member.value)
                    }
                }
                var statuses = isWork ? Self.workStatuses : Self.statuses
                if !parameters.isEmpty { statuses.append(404) }
                for status in statuses.sorted() {
                    writer.key("\(status)")
                    writer.reference("responses/\(status)")
                }
            }
        }
    }

    /// The statuses of refusals that any route may give.
    static let statuses = [400, 401, 405, 408, 414, 431, 500, 501, 503]
    /// The statuses of refusals that a route of work may also give.
    static let workStatuses = statuses + [406, 413, 415, 422, 424, 429, 504]
}

extension RouteTable {
    /// Every path in the table's order, without repetition.
    var paths: [String] {
        var seen: Set<String> = []
        return routes.flatMap(\.paths).map(\.template).filter { seen.insert($0).inserted }
    }

    /// The methods of a path, each with the main path of the first route that takes it.
    func operations(on path: String) -> [(method: String, main: String)] {
        var operations: [(method: String, main: String)] = []
        for route in routes where route.paths.contains(where: { $0.template == path }) {
            let method = route.isStatus ? "get" : "post"
            if !operations.contains(where: { $0.method == method }) { operations.append((method, route.name)) }
        }
        return operations
    }
}

extension JSONValue {
    fileprivate func member(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }
}

extension JSONWriter {
    fileprivate mutating func reference(_ name: String) {
        object { $0.member("$ref", "#/components/\(name)") }
    }
}
