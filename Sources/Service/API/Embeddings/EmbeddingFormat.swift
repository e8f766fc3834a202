import Budget
import HTTPProtocol
import HTTPTypes
import Inference
import JSON

/// The form of embeddings in an answer, from the keys `embedding_type` and `encoding_format` and the field Accept.
struct EmbeddingFormat: Sendable, Equatable {
    /// How a vector is written in JSON: `encoding_format`.
    enum Encoding: String, CaseIterable, Sendable {
        /// An array of numbers.
        case float
        /// A string: the base64 of the components' little-endian bytes.
        case base64
    }

    var type = EmbeddingType.float32
    var encoding = Encoding.float

    init(_ fields: RequestFields) throws {
        encoding = try fields.choice("encoding_format", Encoding.self) ?? .float
        if case .string(let name)? = try fields.option("embedding_type"), name.lowercased() == "base64" {
            // Jina's key for what OpenAI calls `encoding_format`.
            encoding = .base64
        } else {
            type = try fields.choice("embedding_type", EmbeddingType.self, aliases: EmbeddingType.aliases) ?? .float32
        }
    }

    /// Whether vectors are scaled to length 1; nil for what the model's folder says.
    ///
    /// - Parameter asked: the request's `normalize`.
    /// - Throws: 422 for false where components must be within -1 and 1. Some texts would be within by chance, but
    ///   whether a request is right must not depend on its texts.
    func normalizes(asked: Bool?) throws(ServiceError) -> Bool? {
        guard type.isScaled else { return asked }
        if asked == false {
            throw .invalid(
                """
                `embedding_type` \(type.rawValue) holds the components of vectors of length 1; leave `normalize` out, \
                or ask for float32. Given: "normalize": false
                """
            )
        }
        return true
    }

    /// The vectors' components.
    func components(_ vectors: [[Float]]) throws(ServiceError) -> [EmbeddingComponents] {
        var components: [EmbeddingComponents] = []
        components.reserveCapacity(vectors.count)
        for vector in vectors { components.append(try EmbeddingComponents(vector, as: type)) }
        return components
    }

    /// The most bytes of one vector's JSON.
    func itemBytes(_ vectors: [EmbeddingComponents]) -> Int {
        (vectors.first?.count ?? 0) * JSONWriter.maxFloatBytes + Self.bytesBesideNumbers
    }

    /// More than any interface writes beside the numbers of a vector.
    private static let bytesBesideNumbers = 64

    /// Writes one vector as JSON.
    func write(_ components: EmbeddingComponents, to writer: inout JSONWriter) {
        switch encoding {
        case .float: components.write(to: &writer)
        case .base64: components.writeBase64(to: &writer)
        }
    }
}

/// The media types that embeddings can be answered in.
enum EmbeddingMedia: String, CaseIterable {
    case json = "application/json"
    /// The components' bytes, vector after vector.
    case bytes = "application/octet-stream"
    /// A NumPy file.
    case numpy = "application/x-npy"
    /// Another name of the media type of a NumPy file.
    case npy = "application/npy"

    /// The media type that the client prefers.
    /// - Throws: 406 if the client accepts none of the media types.
    static func wanted(by request: RouteRequest) throws(ServiceError) -> EmbeddingMedia {
        let types = allCases.map(\.rawValue)
        let field = request.headerFields[.accept]
        guard let media = Accept.preferred(among: types, by: field).flatMap(EmbeddingMedia.init) else {
            throw ServiceError(
                406,
                .notAcceptable,
                "this answer is one of \(types.joined(separator: ", ")). Accept was: \((field ?? "").beginning(100))"
            )
        }
        return media
    }

    /// The answer with the vectors, as a file or as JSON. In JSON it is an array with one element for each vector.
    func response(_ vectors: [EmbeddingComponents], format: EmbeddingFormat) throws -> Response {
        let columns = vectors.first?.count ?? 0
        var response: Response
        switch self {
        case .json:
            response = AnswerPages(count: vectors.count, itemBytes: format.itemBytes(vectors)) {
                $0.beginArray()
            } item: {
                format.write(vectors[$1], to: &$0)
            } end: {
                $0.endArray()
            }.response()
        case .bytes, .numpy, .npy:
            var bytes =
                self == .bytes
                ? [] : NumpyFile.header(type: format.type.numpyName, rows: vectors.count, columns: columns)
            let size = bytes.count + vectors.count * columns * MemoryLayout<Float>.size
            try RequestMemory.take(size, for: .answers)
            bytes.reserveCapacity(size)
            for vector in vectors {
                try RequestOptions.check()
                vector.append(to: &bytes)
            }
            response = Response.json(bytes)
        }
        response.head.headerFields[.contentType] = rawValue
        response.head.headerFields[.vary] = "accept"
        if self != .json {
            response.head.headerFields[.embeddingShape] = "\(vectors.count),\(columns)"
            response.head.headerFields[.embeddingType] = format.type.rawValue
        }
        return response
    }
}

extension HTTPField.Name {
    /// The shape of an answer in bytes: the number of vectors, and the number of components of each.
    static let embeddingShape = Self.make("x-embedding-shape")
    /// The type of the components of an answer in bytes.
    static let embeddingType = Self.make("x-embedding-type")
}
