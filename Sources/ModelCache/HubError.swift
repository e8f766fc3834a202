/// The reason why a model is not available from the Hub or its cache.
package enum HubError: Error, Equatable, CustomStringConvertible {
    /// The id is not valid by the Hub's rules.
    case invalidID(String, expected: String)
    /// The revision is not the name of a branch, tag or commit.
    case invalidRevision(String, expected: String)
    /// An environment variable cannot be used; `value` is nil if it is a secret.
    case invalidSetting(variable: String, value: String?, expected: String)
    /// Offline mode is on, and the cache does not hold the whole model.
    case notCached(id: String, revision: String, cache: String)
    /// 401: the Hub asks for a token, or does not accept the one sent.
    case unauthorized(id: String, hasToken: Bool)
    /// 403, or 401 for a gated model: the token's account may not read it. `message` is the Hub's.
    case forbidden(id: String, isGated: Bool, hasToken: Bool, message: String?)
    /// 404: there is no such repository.
    case noRepository(id: String, endpoint: String)
    /// 404: there is no such branch, tag or commit.
    case noRevision(id: String, revision: String)
    /// 404: the repository has no such file.
    case noFile(id: String, file: String)
    /// The repository lacks a file that a model needs.
    case notAModel(id: String, missing: String)
    /// The Hub answered with another error status.
    case refused(url: String, status: Int, message: String?, attempts: Int)
    /// There is no connection, or it breaks again and again.
    case unreachable(url: String, reason: String, attempts: Int)
    /// The answer does not look like a Hub's answer.
    case malformedAnswer(url: String, found: String, expected: String)
    /// A path that could lead out of the model's folder.
    case unsafePath(String)
    /// A file or an answer is larger than the limit.
    case tooLarge(file: String, bytes: Int, limit: Int)
    /// The number of bytes received differs from the announced one.
    case wrongSize(file: String, bytes: Int, expected: Int)
    /// The bytes received do not have the published checksum.
    case wrongChecksum(file: String, found: String, expected: String)
    /// The cache's file system is full.
    case diskFull(path: String, bytes: Int?)
    /// A file or folder of the cache cannot be read or written.
    case cacheFailed(path: String, reason: String)

    package var description: String {
        switch self {
        case .invalidID(let id, let expected):
            "\"\(id)\" is neither a folder nor a Hub id: expected \(expected)"
        case .invalidRevision(let revision, let expected):
            "\"\(revision)\" is not a revision: expected \(expected)"
        case .invalidSetting(let variable, let value, let expected):
            "\(variable)\(value.map { " is \"\($0)\"" } ?? " cannot be used"), expected \(expected)"
        case .notCached(let id, let revision, let cache):
            "\(id) at \(revision) is not complete in \(cache), and HF_HUB_OFFLINE forbids fetching it; "
                + "unset that, or pull the model where there is a network"
        case .unauthorized(let id, let hasToken): Self.access(id, "401", hasToken: hasToken)
        case .forbidden(let id, let isGated, let hasToken, let message):
            if isGated {
                "\(id) is gated\(message.map { " (\($0))" } ?? ""): ask for access on its page, then "
                    + (hasToken ? "use a token of the account that has it" : Self.howToLogIn)
            } else {
                "the Hub refuses \(id) (403)\(message.map { ": \($0)" } ?? ""); "
                    + (hasToken ? "the token may lack the permission to read it" : Self.howToLogIn)
            }
        case .noRepository(let id, let endpoint):
            "there is no folder \(id), and no model of that id at \(endpoint) (404)"
        case .noRevision(let id, let revision): "\(id) has no branch, tag or commit \"\(revision)\" (404)"
        case .noFile(let id, let file): "\(id) has no file \(file) (404)"
        case .notAModel(let id, let missing): "\(id) cannot be used as a model: it has no \(missing)"
        default: transferDescription
        }
    }

    private var transferDescription: String {
        switch self {
        case .refused(let url, let status, let message, let attempts):
            "\(url) answers \(status)\(message.map { " (\($0))" } ?? "")\(Self.after(attempts))"
        case .unreachable(_, _, let attempts):
            "\(cause)\(Self.after(attempts)); a model that is not in the cache yet takes a Hub that can be "
                + "reached (HF_ENDPOINT is its address), or give a folder that holds it"
        case .malformedAnswer(let url, let found, let expected):
            "\(url) does not answer as a Hub does: found \(found), expected \(expected)"
        case .unsafePath(let path): "the Hub names a file \"\(path)\", which could lead out of the model's folder"
        case .tooLarge(let file, let bytes, let limit):
            "\(file) has \(bytes) bytes, more than the limit of \(limit) (--max-file-bytes)"
        case .wrongSize, .wrongChecksum: "\(cause); pull it again"
        case .diskFull(let path, let bytes):
            "no space left for \(path)\(bytes.map { ", which needs \($0) more bytes" } ?? ""); "
                + "free some space, or set HF_HUB_CACHE to another disk"
        case .cacheFailed(let path, let reason): "\(path): \(reason)"
        default: ""
        }
    }

    /// What has happened, without what to do about it: for reports of attempts that will be repeated.
    package var cause: String {
        switch self {
        case .unreachable(let url, let reason, _): "\(url): \(reason)"
        case .wrongSize(let file, let bytes, let expected): "\(file): \(bytes) bytes arrived, expected \(expected)"
        case .wrongChecksum(let file, let found, let expected):
            "\(file) was damaged on the way: its checksum is \(found), expected \(expected)"
        default: description
        }
    }

    private static let howToLogIn = "set HF_TOKEN, or log in by `hf auth login`"

    private static func access(_ id: String, _ status: String, hasToken: Bool) -> String {
        hasToken
            ? "the Hub does not accept the token for \(id) (\(status)): it is wrong or has expired, or its account may "
                + "not see the model"
            : "there is no model \(id), or it is private (\(status)): check the id; for a private model \(howToLogIn)"
    }

    private static func after(_ attempts: Int) -> String { attempts > 1 ? ", after \(attempts) attempts" : "" }
}
