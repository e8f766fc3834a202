import JSON
import ModelCache

/// The header fields of an answer. Names are compared without regard to case.
struct ResponseFields: Sendable, Equatable {
    private var values: [String: String] = [:]

    init(_ fields: [String: String]) {
        for (name, value) in fields { values[name.lowercased()] = value }
    }

    subscript(_ name: String) -> String? { values[name.lowercased()] }

    /// Whether the body is the file as it is, and not a compressed form of it with another length.
    var isIdentity: Bool {
        guard let coding = self["Content-Encoding"] else { return true }
        return coding.isEmpty || coding.lowercased() == "identity"
    }

    /// The body's length; nil if the answer does not tell it or the body is a compressed form of the file.
    var length: Int? {
        guard isIdentity, let length = self["Content-Length"].flatMap({ Int($0) }), length >= 0 else { return nil }
        return length
    }

    /// The part of the file that the body holds (`Content-Range`): its first byte, and the file's size if the answer
    /// tells it.
    var range: (start: Int, size: Int?)? {
        guard let rest = self["Content-Range"]?.lowercased().rest(after: "bytes ") else { return nil }
        let parts = rest.pieces(separatedBy: "/")
        guard parts.count == 2, let start = Int(parts[0].pieces(separatedBy: "-")[0]) else { return nil }
        return (start, Int(parts[1]))
    }
}

/// The metadata of a file, from the answer to a HEAD request.
struct FileMetadata: Sendable, Equatable {
    /// The name of the content and of the blob in the cache: a SHA-256 for large files, git's object id for others.
    var etag: String
    /// The file's size in bytes; nil if the answer does not tell it.
    var size: Int?
    /// The commit that the file belongs to.
    var commit: String?

    /// Reads the answer to a HEAD request. The answer may be a redirection to a host that is not the Hub's; then the
    /// metadata is in separate fields.
    ///
    /// - Throws: `malformedAnswer`.
    init(_ fields: ResponseFields, isRedirection: Bool, url: String) throws(HubError) {
        guard let found = fields["X-Linked-Etag"] ?? fields["ETag"] else {
            throw .malformedAnswer(url: url, found: "no ETag", expected: "one that names the file's content")
        }
        etag = Self.normalized(found)
        guard Self.isFileName(etag) else {
            throw .malformedAnswer(url: url, found: "the ETag \(found)", expected: "one that can be a file's name")
        }
        if let linked = fields["X-Linked-Size"] {
            guard let size = Int(linked), size >= 0 else {
                throw .malformedAnswer(url: url, found: "X-Linked-Size: \(linked)", expected: "a number of bytes")
            }
            self.size = size
        } else if !isRedirection {
            size = fields.length
        }
        commit = fields["X-Repo-Commit"]
    }

    /// An ETag without its quotes and without the mark `W/` of a weak ETag.
    static func normalized(_ etag: String) -> String {
        String((etag.rest(after: "W/") ?? etag[...]).trimmed { $0 == "\"" })
    }

    /// Most bytes of a blob's name, so that a file name has space for endings after it.
    private static let maxNameLength = 200

    private static func isFileName(_ etag: String) -> Bool {
        (1...maxNameLength).contains(etag.utf8.count) && !etag.begins(with: ".")
            && etag.utf8.allSatisfy { (0x21...0x7E).contains($0) && !Array("/\\\"".utf8).contains($0) }
    }
}

/// The files of a model at one commit, as `/api/models/<id>/revision/<revision>` lists them.
struct ModelListing: Sendable, Equatable {
    /// The commit that the revision stands for.
    var commit: String
    /// Paths in the repository; nil if the answer has none. They are not checked here: the code checks each path before
    /// it uses it.
    var files: Set<ExactText>?

    /// - Throws: `malformedAnswer`.
    init(_ answer: [UInt8], url: String) throws(HubError) {
        let document: JSONValue
        do {
            document = try JSONParser.parse(answer)
        } catch {
            throw .malformedAnswer(url: url, found: "no JSON (\(error))", expected: "the listing of a model")
        }
        guard case .object(let model) = document else {
            throw .malformedAnswer(url: url, found: document.kind, expected: "the listing of a model")
        }
        guard case .string(let sha) = model["sha"], Revision.isCommit(sha) else {
            throw .malformedAnswer(url: url, found: "no commit in sha", expected: "40 hexadecimal digits")
        }
        commit = sha
        if let siblings = model["siblings"], siblings != .null {
            files = try Self.paths(siblings, key: "rfilename", url: url)
        }
    }

    /// The files that `/api/models/<id>/tree/<commit>?recursive=true` lists.
    ///
    /// - Throws: `malformedAnswer`.
    static func tree(_ answer: [UInt8], url: String) throws(HubError) -> Set<ExactText> {
        guard let document = try? JSONParser.parse(answer) else {
            throw .malformedAnswer(url: url, found: "no JSON", expected: "a list of files")
        }
        return try paths(document, key: "path", url: url)
    }

    private static func paths(_ list: JSONValue, key: String, url: String) throws(HubError) -> Set<ExactText> {
        guard case .array(let entries) = list else {
            throw .malformedAnswer(url: url, found: list.kind, expected: "a list of files")
        }
        var paths: Set<ExactText> = []
        for entry in entries {
            guard case .object(let file) = entry, case .string(let path) = file[key] else {
                throw .malformedAnswer(url: url, found: "a file without \(key)", expected: "its path")
            }
            if file["type"] != .string("directory") { paths.insert(ExactText(path)) }
        }
        return paths
    }
}
