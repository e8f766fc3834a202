import JSON

/// The files of a model at one commit, as `/api/models/<id>/revision/<revision>` lists them.
struct ModelListing: Sendable, Equatable {
    /// The commit that the revision stands for.
    var commit: String
    /// Paths in the repository; nil where the answer has none. They are the Hub's words: what is used of them is
    /// checked first.
    var files: Set<String>?

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
    static func tree(_ answer: [UInt8], url: String) throws(HubError) -> Set<String> {
        guard let document = try? JSONParser.parse(answer) else {
            throw .malformedAnswer(url: url, found: "no JSON", expected: "a list of files")
        }
        return try paths(document, key: "path", url: url)
    }

    private static func paths(_ list: JSONValue, key: String, url: String) throws(HubError) -> Set<String> {
        guard case .array(let entries) = list else {
            throw .malformedAnswer(url: url, found: list.kind, expected: "a list of files")
        }
        var paths: Set<String> = []
        for entry in entries {
            guard case .object(let file) = entry, case .string(let path) = file[key] else {
                throw .malformedAnswer(url: url, found: "a file without \(key)", expected: "its path")
            }
            if file["type"] != .string("directory") { paths.insert(path) }
        }
        return paths
    }
}
