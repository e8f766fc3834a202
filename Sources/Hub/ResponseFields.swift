/// An answer's header fields; names are the same in any case.
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

    /// The body's length, of a body that is the file as it is.
    var length: Int? {
        guard isIdentity, let length = self["Content-Length"].flatMap({ Int($0) }), length >= 0 else { return nil }
        return length
    }

    /// The part of the file that a body is (`Content-Range`): its first byte, and the whole file's size where told.
    var range: (start: Int, size: Int?)? {
        guard let text = self["Content-Range"]?.lowercased(), text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let first = parts[0].split(separator: "-").first, let start = Int(first) else {
            return nil
        }
        return (start, Int(parts[1]))
    }
}

/// What the Hub says of a file before it gives it.
struct FileMetadata: Sendable, Equatable {
    /// The name of its content, and of the blob in the cache: a SHA-256 for large files, git's object id for others.
    var etag: String
    /// Bytes, where told.
    var size: Int?
    /// The commit that the file is of.
    var commit: String?

    /// Of the answer to a HEAD, which may be a redirection to a host that knows nothing of the Hub: what it is about is
    /// in fields of its own there.
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

    /// An ETag without its quotes and the mark of a weak one.
    static func normalized(_ etag: String) -> String {
        var text = etag[...]
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        while text.first == "\"" { text = text.dropFirst() }
        while text.last == "\"" { text = text.dropLast() }
        return String(text)
    }

    /// Bytes of a file's name that leave room for what is put behind it.
    private static let maxNameLength = 200

    private static func isFileName(_ etag: String) -> Bool {
        (1...maxNameLength).contains(etag.utf8.count) && !etag.hasPrefix(".")
            && etag.utf8.allSatisfy { (0x21...0x7E).contains($0) && !Array("/\\\"".utf8).contains($0) }
    }
}
