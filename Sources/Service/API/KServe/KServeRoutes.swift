import Encoder
import HTTPProtocol
import HTTPTypes
import Host
import Inference
import JSON

/// The Open Inference Protocol, version 2, which KServe specifies and which Triton and its clients use. Its probes are
/// in ``StatusRoutes``.
enum KServeRoutes {
    static let all: [Route] = [
        .get("/v2", errors: .tei) { _, _ in try serverMetadata() },
        .get("/v2/models/{model}/ready", "/v2/models/{model}/versions/{version}/ready", errors: .tei) {
            let name = try inference(of: $0, $1).model.name
            guard $1.snapshot.isReady else { throw StatusRoutes.unhealthy($1.snapshot.notReadyReason) }
            return try ready(name)
        },
        .get("/v2/models/{model}", "/v2/models/{model}/versions/{version}", errors: .tei) {
            try modelMetadata(inference(of: $0, $1))
        },
        .post(
            "/v2/models/{model}/infer",
            "/v2/models/{model}/versions/{version}/infer",
            errors: .tei,
            content: .any,
            answer: infer
        ),
    ]

    /// The version of the model. There is only one.
    static let version = "1"

    /// The model, if the path names it.
    /// - Throws: 404 for another name.
    static func inference(of request: RouteRequest, _ context: RouteContext) throws -> InferenceService {
        let inference = try context.inference
        try inference.checkName(request.parameters["model"] ?? "")
        let version = request.parameters["version"] ?? version
        guard version == Self.version else {
            throw ServiceError(
                404,
                .notFound,
                "there is no version \"\(version.beginning(100))\" of the model; there is \(Self.version)"
            )
        }
        return inference
    }

    /// Most clients read only the status; KServe's own client reads the member.
    private static func ready(_ name: String) throws -> Response {
        try .json { writer in
            writer.object { writer in
                writer.member("name", name)
                writer.key("ready")
                writer.boolean(true)
            }
        }
    }

    private static func serverMetadata() throws -> Response {
        try .json { writer in
            writer.object { writer in
                writer.member("name", "swiftlet")
                writer.member("version", SwiftletVersion.current)
                writer.key("extensions")
                writer.array(["classification", "binary_tensor_data", "parameters"]) { $0.string($1) }
            }
        }
    }

    private static func modelMetadata(_ inference: InferenceService) throws -> Response {
        try .json { writer in
            writer.object { writer in
                writer.member("name", inference.model.name)
                writer.key("versions")
                writer.array([version]) { $0.string($1) }
                writer.member("platform", "swiftlet")
                writer.key("inputs")
                writer.array(InferInputs.tensors(of: inference.model)) { writer, tensor in
                    writer.tensorMetadata(tensor.name, tensor.datatype.rawValue, tensor.shape)
                }
                writer.key("outputs")
                writer.array(InferOutput.available(in: inference.model)) { writer, output in
                    writer.tensorMetadata(output.rawValue, "FP32", [-1, output.width(in: inference)])
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func tensorMetadata(_ name: String, _ datatype: String, _ shape: [Int]) {
        object { writer in
            writer.member("name", name)
            writer.member("datatype", datatype)
            writer.key("shape")
            writer.array(shape) { $0.integer($1) }
        }
    }
}
