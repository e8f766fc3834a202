import Budget
import Compression
import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import Synchronization

/// Content codings (RFC 9110, 8.4): requests may be gzip or deflate; answers are gzip if the client accepts it.
struct ContentCoding: Sendable {
    /// The size in bytes from which an answer is compressed; nil for never.
    let minimumBytes: Int?
    /// The most bytes of a request's body after decompression.
    let maxBodyBytes: Int

    // MARK: Requests

    /// The codings that are understood, as told to clients.
    private static let accepted = "gzip, deflate, identity"

    /// The coding of a request's body; nil for none.
    /// - Throws: 415 for another coding, or for more than one.
    func coding(of fields: HTTPFields) throws(ServiceError) -> CompressionFormat? {
        guard let value = fields[.contentEncoding] else { return nil }
        switch value[...].trimmed.lowercased() {
        case "", "identity": return nil
        case "gzip", "x-gzip": return .gzip
        case "deflate": return .zlib
        default:
            var error = ServiceError(
                415,
                .unsupportedMediaType,
                "the content coding is not supported; supported are \(Self.accepted). Given: \(value.beginning(100))"
            )
            error.fields[.acceptEncoding] = Self.accepted
            throw error
        }
    }

    /// A request's body as it was before it was coded in `format`. Takes time: not for the event loop. The bytes are
    /// taken from the request's memory before they are inflated.
    func body(of request: Request, _ format: CompressionFormat?) throws -> [UInt8] {
        guard let format else { return request.body }
        do {
            return try request.body.decompressed(
                as: format,
                limit: maxBodyBytes,
                takeMemory: { try RequestMemory.take($0, for: .inflated) },
                check: RequestOptions.check
            )
        } catch let error as CompressionError {
            switch error {
            case .tooLarge: throw ServiceError(413, .payloadTooLarge, "the body is too large: \(error)")
            case .library: throw ServiceError(500, .backend, "\(error)")
            case .malformed, .truncated, .trailingBytes:
                throw ServiceError(400, .validation, "the body cannot be read by its content coding: \(error)")
            }
        }
    }

    // MARK: Answers

    /// Compresses an answer if that saves enough and the client accepts it.
    ///
    /// - Parameter isOnLoop: whether this runs on the event loop, so that the compression has to be done later.
    func encode(_ response: inout Response, for head: HTTPRequest, isOnLoop: Bool) {
        guard let minimumBytes, Self.isText(response.head) else { return }
        if case .bytes(let body) = response.body, body.count < minimumBytes { return }
        response.head.headerFields.addVary("Accept-Encoding")
        guard Self.acceptsGzip(head.headerFields) else { return }
        switch response.body {
        case _ where head.method == .head:
            // HEAD gets the fields of a GET's answer without the work. A compressed answer has no length in either case
            // (RFC 9110, 8.6).
            response.body = .stream { nil }
        case .bytes(let body) where isOnLoop:
            guard let compressor = try? SharedCompressor(expectedBytes: body.count) else { return }
            response.body = .stream { try compressor.add(body, isLast: true) }
        case .bytes(let body):
            guard var compressor = try? GzipCompressor(expectedBytes: body.count),
                let compressed = try? compressor.add(body, isLast: true)
            else { return }
            response.body = .bytes(compressed)
        case .stream(let pull):
            guard let compressor = try? SharedCompressor() else { return }
            response.body = .stream { try await compressor.next(of: pull) }
        }
        response.head.headerFields[.contentEncoding] = "gzip"
    }

    /// Whether compression makes the content smaller: bytes of floats and compressed content hardly shrink.
    private static func isText(_ head: HTTPResponse) -> Bool {
        guard head.headerFields[.contentEncoding] == nil, let type = head.headerFields[.contentType] else {
            return false
        }
        return type.begins(with: "application/json") || type.begins(with: "text/")
    }

    /// Whether gzip is acceptable, and its weight is not below that of no coding (RFC 9110, 12.5.3).
    static func acceptsGzip(_ fields: HTTPFields) -> Bool {
        var gzip: Double?
        var identity: Double?
        var others: Double?
        for value in fields[values: .acceptEncoding] {
            for element in value.pieces(separatedBy: ",") {
                let parts = element.pieces(separatedBy: ";").map(\.trimmed)
                let weight = parts.dropFirst().first.map(Self.weight(of:)) ?? 1
                switch parts[0].lowercased() {
                case "gzip", "x-gzip": gzip = max(gzip ?? 0, weight)
                case "identity": identity = weight
                case "*": others = weight
                default: break
                }
            }
        }
        let wanted = gzip ?? others ?? 0
        return wanted > 0 && wanted >= identity ?? 0
    }

    /// The value of `q=0.5`; 0 for a malformed one, so that it does not count as a preference.
    private static func weight(of parameter: Substring) -> Double {
        let parts = parameter.pieces(separatedBy: "=").map(\.trimmed)
        guard parts.count == 2, parts[0].lowercased() == "q", let weight = Double(parts[1]) else { return 0 }
        return (0...1).contains(weight) ? weight : 0
    }
}

/// A compressor for the pieces of one answer, one after another. Guard: the mutex; there is one piece at a time.
private final class SharedCompressor: Sendable {
    private struct State: ~Copyable {
        var compressor: GzipCompressor
        var isDone = false
    }

    private let state: Mutex<State>

    init(expectedBytes: Int? = nil) throws {
        state = Mutex(State(compressor: try GzipCompressor(expectedBytes: expectedBytes)))
    }

    /// Adds a piece; nil if the last piece was added before.
    func add(_ piece: [UInt8], isLast: Bool) throws -> [UInt8]? {
        try state.withLock { state in
            guard !state.isDone else { return nil }
            state.isDone = isLast
            return try state.compressor.add(piece, isLast: isLast)
        }
    }

    /// The next bytes to send. Pieces are pulled until the compressor outputs some bytes.
    func next(of pull: @Sendable () async throws -> [UInt8]?) async throws -> [UInt8]? {
        guard !state.withLock({ $0.isDone }) else { return nil }
        while let piece = try await pull() {
            guard let compressed = try add(piece, isLast: false) else { return nil }
            if !compressed.isEmpty { return compressed }
        }
        return try add([], isLast: true)
    }
}
