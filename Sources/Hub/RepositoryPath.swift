/// The paths of files in a repository, which whoever made it has chosen.
enum RepositoryPath {
    /// Bytes of a path, as Linux has it.
    private static let maxLength = 1024

    /// Whether a path stays in the folder that it is put into: relative, of plain names, on any system.
    static func isSafe(_ path: String) -> Bool {
        guard path.utf8.count <= maxLength else { return false }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && !part.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "\\" }
        }
    }

    /// - Throws: `unsafePath`.
    static func checked(_ path: String) throws(HubError) -> String {
        guard isSafe(path) else { throw .unsafePath(path) }
        return path
    }

    /// How often a path leads down: `1_Pooling/config.json` is at depth 1.
    static func depth(_ path: String) -> Int { path.utf8.count { $0 == UInt8(ascii: "/") } }
}
