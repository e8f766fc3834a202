import JSON

/// A model's id on the Hub: `name`, or `namespace/name`.
package struct ModelID: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    package let text: String

    /// Most characters of a namespace or a name, the Hub's limit.
    private static let maxLength = 96

    /// - Throws: `invalidID`, by the same rules as huggingface_hub's `validate_repo_id`.
    package init(_ text: String) throws(HubError) {
        let parts = text.pieces(separatedBy: "/")
        guard parts.count <= 2 else {
            throw .invalidID(text, expected: "\"name\" or \"namespace/name\"")
        }
        for part in parts {
            guard (1...Self.maxLength).contains(part.utf8.count), part.utf8.allSatisfy(Self.isAllowed) else {
                throw .invalidID(text, expected: "1 to \(Self.maxLength) letters, digits, -, _ or . on each side of /")
            }
            // The Hub's rules use word boundaries, which means that both ends are a letter, a digit or an underscore.
            // The end of a namespace needs no check, because the slash after it is a boundary.
            guard let first = part.utf8.first, let last = part.utf8.last, Self.isWord(first), Self.isWord(last) else {
                throw .invalidID(text, expected: "names that do not begin or end with - or .")
            }
        }
        guard !text.holds("--"), !text.holds("..") else {
            throw .invalidID(text, expected: "no -- or .. in it")
        }
        guard !text.ends(with: ".git") else { throw .invalidID(text, expected: "an id without .git") }
        self.text = text
    }

    /// The name of this model's folder in the cache.
    package var folderName: String { "models--" + text.pieces(separatedBy: "/").joined(separator: "--") }

    package var description: String { text }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}

/// A branch, a tag, a commit, or a reference such as `refs/pr/1`.
package struct Revision: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    package let text: String

    /// The default branch.
    package static let main = Revision(checked: "main")

    /// Most characters of a revision, as many as of a file's name.
    private static let maxLength = 255

    private init(checked text: String) { self.text = text }

    /// - Throws: `invalidRevision` for a text that git does not accept as a name, or that would lead out of the
    ///   cache's folder.
    package init(_ text: String) throws(HubError) {
        guard (1...Self.maxLength).contains(text.utf8.count), RepositoryPath.isSafe(text),
            !text.unicodeScalars.contains(where: { $0.value <= 0x20 || "~^:?*[".unicodeScalars.contains($0) })
        else {
            let expected = "a branch, a tag or a commit, of at most \(Self.maxLength) characters"
            throw .invalidRevision(text, expected: expected)
        }
        self.text = text
    }

    /// Whether this is a full commit hash. The files of a commit never change.
    package var isCommit: Bool { Self.isCommit(text) }

    /// 40 lowercase hexadecimal digits.
    package static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(HexText.isDigit)
    }

    package var description: String { text }
}

/// Lowercase hexadecimal.
package enum HexText {
    /// Whether a byte of UTF-8 is such a digit.
    package static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Two digits for each byte.
    package static func of(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
