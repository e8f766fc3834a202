import Foundation
import ModelCache

/// Requests to the Hub about one model. The token goes to the Hub only, not to the hosts that it redirects to.
struct HubConnection: Sendable {
    let settings: HubSettings
    let id: ModelID

    /// `/api/models/<id>/revision/<revision>`.
    func listingURL(_ revision: Revision) throws -> URL {
        try url("/api/models/\(id)/revision/\(Self.quoted(revision.text, keeping: ""))")
    }

    /// `/api/models/<id>`: the listing of `main`, for mirrors that know no revisions.
    func modelURL() throws -> URL { try url("/api/models/\(id)") }

    /// `/api/models/<id>/tree/<commit>?recursive=true`.
    func treeURL(_ commit: String) throws -> URL { try url("/api/models/\(id)/tree/\(commit)?recursive=true") }

    /// `/<id>/resolve/<commit>/<path>`.
    func fileURL(_ path: String, of commit: String) throws -> URL {
        try url("/\(id)/resolve/\(commit)/\(Self.quoted(path, keeping: "/"))")
    }

    private func url(_ path: String) throws -> URL {
        guard let url = URL(string: settings.endpoint + path) else {
            throw HubError.malformedAnswer(url: settings.endpoint + path, found: "no address", expected: "one")
        }
        return url
    }

    private static func quoted(_ text: String, keeping: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~\(keeping)".utf8)
        return text.utf8.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : "%" + HexText.of([byte]).uppercased()
        }.joined()
    }

    /// Sends a request and follows redirections to the final answer, which goes to `sink`.
    ///
    /// - Parameters:
    ///   - mayLeave: whether a redirection to another host is followed; if not, the redirection is the answer.
    ///   - sink: gets the answers; of a redirection, only the head.
    /// - Throws: `Refusal` for a status that is not a success, and the errors of ``WebSession/send(_:to:)``.
    func send(
        _ method: WebRequest.Method,
        _ url: URL,
        fields: [String: String] = [:],
        timeout: Int,
        mayLeave: Bool,
        to sink: any BodySink
    ) async throws {
        var request = WebRequest(method: method, url: url, fields: fields, timeout: timeout)
        request.fields["User-Agent"] = settings.userAgent
        // In a compressed answer, the file's size would be unknown and ranges would not work.
        request.fields["Accept-Encoding"] = "identity"
        if let token = settings.token { request.fields["Authorization"] = "Bearer \(token)" }
        for _ in 0...settings.limits.redirects {
            let gate = Gate(sink, mayLeave: mayLeave)
            do {
                try await WebSession.shared.send(request, to: gate)
            } catch let error as TransferError where request.url != url {
                let reason = "it leads to \(Self.shown(request.url)): \(error.reason)"
                throw TransferError(reason: reason, isPassing: error.isPassing)
            }
            guard let target = gate.target else { return }
            // The token is for the Hub alone: after a redirection to another host it is never sent again.
            if !Self.isSameOrigin(target, request.url) { request.fields["Authorization"] = nil }
            request.url = target
        }
        let reason = "\(settings.limits.redirects) redirections in a row lead to no answer"
        throw HubError.malformedAnswer(url: url.absoluteString, found: reason, expected: "a file")
    }

    /// A URL for messages, without its query, because in links to storage hosts the query is a secret.
    static func shown(_ url: URL) -> String {
        String(url.absoluteString.prefix { $0 != "?" })
    }

    /// Whether two addresses have the same scheme, host and port.
    static func isSameOrigin(_ a: URL, _ b: URL) -> Bool { origin(a) == origin(b) }

    private static func origin(_ url: URL) -> [String] {
        let scheme = url.scheme?.lowercased() ?? ""
        return [scheme, url.host?.lowercased() ?? "", "\(url.port ?? (scheme == "https" ? 443 : 80))"]
    }

    /// The target of a redirection.
    ///
    /// - Returns: nil for any other answer.
    /// - Throws: `malformedAnswer` if the redirection has no target, or leads from https to http.
    static func target(of response: WebResponse) throws(HubError) -> URL? {
        guard [301, 302, 303, 307, 308].contains(response.status) else { return nil }
        let (from, location) = (response.url, response.fields["Location"])
        guard let location, let target = URL(string: location, relativeTo: from)?.absoluteURL,
            ["http", "https"].contains(target.scheme?.lowercased()), target.host?.isEmpty == false
        else {
            throw .malformedAnswer(
                url: from.absoluteString,
                found: "a redirection to \(location ?? "nowhere")",
                expected: "an http or https address"
            )
        }
        guard from.scheme?.lowercased() != "https" || target.scheme?.lowercased() == "https" else {
            throw .malformedAnswer(
                url: from.absoluteString,
                found: "a redirection to \(location), which is not encrypted",
                expected: "https"
            )
        }
        return target
    }
}

/// An answer with an error status, and the Hub's explanation.
struct Refusal: Error {
    let response: WebResponse

    /// The error for the user.
    func error(_ connection: HubConnection, revision: Revision, file: String?, attempts: Int) -> HubError {
        let (id, fields) = (connection.id.text, response.fields)
        let hasToken = connection.settings.token != nil
        // The message may be shown in a terminal, which control characters could manipulate.
        let message = fields["X-Error-Message"].map { text in
            String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control }))
        }
        switch (response.status, fields["X-Error-Code"]) {
        case (_, "GatedRepo"): return .forbidden(id: id, isGated: true, hasToken: hasToken, message: message)
        case (401, _): return .unauthorized(id: id, hasToken: hasToken)
        case (403, _): return .forbidden(id: id, isGated: false, hasToken: hasToken, message: message)
        case (404, "RevisionNotFound"): return .noRevision(id: id, revision: revision.text)
        case (404, "EntryNotFound"): return .noFile(id: id, file: file ?? "of that name")
        case (404, _):
            if let file { return .noFile(id: id, file: file) }
            return .noRepository(id: id, endpoint: connection.settings.endpoint)
        default:
            let url = HubConnection.shown(response.url)
            return .refused(url: url, status: response.status, message: message, attempts: attempts)
        }
    }
}

/// Passes the final answer to its sink, and holds back redirections and error answers.
///
/// Unchecked: used on URLSession's queue, then by the task that waited for the answer.
private final class Gate: BodySink, @unchecked Sendable {
    private let sink: any BodySink
    private let mayLeave: Bool
    private var passes = false
    /// The target of the redirection, if the answer was one that is followed.
    private(set) var target: URL?

    init(_ sink: any BodySink, mayLeave: Bool) {
        self.sink = sink
        self.mayLeave = mayLeave
    }

    func begin(_ response: WebResponse) throws {
        if let target = try HubConnection.target(of: response) {
            if mayLeave || HubConnection.isSameOrigin(target, response.url) || !Self.describesFile(response) {
                self.target = target
                return
            }
        } else if !(200...299).contains(response.status) {
            throw Refusal(response: response)
        }
        passes = true
        try sink.begin(response)
    }

    func receive(_ bytes: Data) throws {
        if passes { try sink.receive(bytes) }
    }

    /// Whether the answer has the file's metadata: a mirror's redirection to the Hub may have none.
    private static func describesFile(_ response: WebResponse) -> Bool {
        response.fields["X-Linked-Etag"] != nil || response.fields["X-Repo-Commit"] != nil
    }
}
