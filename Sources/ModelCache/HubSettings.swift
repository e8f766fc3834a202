import Foundation
import JSON

/// The addresses of the Hub and its cache, from the environment variables of huggingface_hub.
package struct HubSettings: Sendable, Equatable {
    /// `HF_ENDPOINT`, without a slash at its end.
    package var endpoint = "https://huggingface.co"
    /// `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, which is `huggingface` in
    /// `XDG_CACHE_HOME`, which is `~/.cache`.
    package var cache: String
    /// `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else the content of the file `HF_TOKEN_PATH` or `token` in `HF_HOME`.
    package var token: String?
    /// `HF_HUB_OFFLINE`, else `TRANSFORMERS_OFFLINE`.
    package var isOffline = false
    /// `HF_HUB_DISABLE_PROGRESS_BARS`.
    package var hidesProgress = false
    /// Most seconds without a byte while a file is fetched: `HF_HUB_DOWNLOAD_TIMEOUT`.
    package var downloadTimeout = 10
    /// Most seconds for a listing or a file's head: `HF_HUB_ETAG_TIMEOUT`.
    package var headTimeout = 10
    /// The User-Agent of requests.
    package var userAgent = "swiftlet"
    /// Bounds on what the Hub may send.
    package var limits = HubLimits()

    /// - Parameter environment: the process's variables. An empty variable counts as not set.
    /// - Throws: `invalidSetting`, or `cacheFailed` for a token file that cannot be read.
    package init(environment: [String: String]) throws(HubError) {
        let variables = environment.filter { !$0.value.isEmpty }
        let expand = { Self.expanded($0, variables) }
        let caches = variables["XDG_CACHE_HOME"] ?? "~/.cache"
        let home = expand(variables["HF_HOME"] ?? caches + "/huggingface")
        cache = expand(variables["HF_HUB_CACHE"] ?? variables["HUGGINGFACE_HUB_CACHE"] ?? home + "/hub")
        if let text = variables["HF_ENDPOINT"] { endpoint = try Self.endpoint(text) }
        isOffline = Self.isTrue(variables["HF_HUB_OFFLINE"] ?? variables["TRANSFORMERS_OFFLINE"])
        hidesProgress = Self.isTrue(variables["HF_HUB_DISABLE_PROGRESS_BARS"])
        downloadTimeout = try Self.seconds("HF_HUB_DOWNLOAD_TIMEOUT", variables) ?? downloadTimeout
        headTimeout = try Self.seconds("HF_HUB_ETAG_TIMEOUT", variables) ?? headTimeout
        if !Self.isTrue(variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) {
            token = try Self.token(variables, file: expand(variables["HF_TOKEN_PATH"] ?? home + "/token"))
        }
    }

    private static func isTrue(_ value: String?) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(value?.uppercased())
    }

    private static func endpoint(_ text: String) throws(HubError) -> String {
        var trimmed = text[...]
        while let rest = trimmed.rest(before: "/") { trimmed = rest }
        guard let url = URL(string: String(trimmed)), ["http", "https"].contains(url.scheme?.lowercased()),
            url.host?.isEmpty == false, url.query == nil, url.fragment == nil
        else {
            throw .invalidSetting(variable: "HF_ENDPOINT", value: text, expected: "an address, as https://hf.co")
        }
        return String(trimmed)
    }

    /// The longest timeout: an hour. A byte that has not arrived by then will not arrive.
    private static let maxTimeout = 3600

    private static func seconds(_ variable: String, _ variables: [String: String]) throws(HubError) -> Int? {
        guard let text = variables[variable] else { return nil }
        guard let seconds = Int(text), (1...maxTimeout).contains(seconds) else {
            throw .invalidSetting(variable: variable, value: text, expected: "seconds, 1 to \(maxTimeout)")
        }
        return seconds
    }

    private static func token(_ variables: [String: String], file: String) throws(HubError) -> String? {
        if let variable = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].first(where: { variables[$0] != nil }) {
            return try token(variables[variable] ?? "", from: variable)
        }
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        guard let content = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw .cacheFailed(path: file, reason: "the token cannot be read")
        }
        return try token(content, from: file)
    }

    /// Strips line ends and spaces around a token. Control characters are refused, because the token goes into a header
    /// field, which they could end.
    private static func token(_ text: String, from place: String) throws(HubError) -> String? {
        let token = text.keeping { $0 != "\r" && $0 != "\n" }.stripped
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidSetting(variable: place, value: nil, expected: "a token of visible ASCII characters")
        }
        return token.isEmpty ? nil : String(token)
    }

    /// The path with `~` at its beginning, `$NAME` and `${NAME}` replaced; unknown names stay as they are.
    static func expanded(_ path: String, _ variables: [String: String]) -> String {
        var path = path
        if let rest = path.rest(after: "~"), rest.isEmpty || rest.begins(with: "/") {
            path = (variables["HOME"] ?? NSHomeDirectory()) + rest
        }
        let pieces = path.pieces(separatedBy: "$")
        return pieces.dropFirst().reduce(into: String(pieces[0])) { result, piece in
            let braced = piece.rest(after: "{")
            let body = braced ?? piece
            let end = body.utf8.firstIndex { !isOfName($0) } ?? body.endIndex
            let rest = braced == nil ? body[end...] : body[end...].rest(after: "}")
            if let value = variables[String(body[..<end])], let rest {
                result += value + rest
            } else {
                result += "$" + piece
            }
        }
    }

    /// Whether a byte may stand in the name of an environment variable.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Bounds on what the Hub may send.
package struct HubLimits: Sendable, Equatable {
    /// Most bytes of a file. The weights of an encoder with a billion parameters in float32 have 4 GB.
    package var fileBytes = 16 << 30
    /// Most bytes of an answer that is read into memory, such as a listing of some ten thousand files.
    package var answerBytes = 16 << 20
    /// Most files of a model. The largest models have some hundred parts.
    package var files = 1024
    /// Most redirections in a row.
    package var redirects = 8

    /// The defaults.
    package init() {}
}
