/// What can go wrong when tokenizer files are read or a text is encoded.
///
/// Each message names what was given, what was expected, and the file and key where there are such.
package enum TokenizerError: Error, Equatable, Sendable {
    /// The directory holds neither `tokenizer.json` nor `vocab.txt`.
    case noTokenizer(directory: String)
    /// The file can't be opened or read, or is larger than ``TokenizerFile/maximumBytes``.
    case unreadableFile(path: String, reason: String)
    /// The file is not what its name says: not UTF-8, not JSON, empty.
    case malformedFile(path: String, reason: String)
    /// A key that must be there is not.
    case missingKey(path: String, key: String, expected: String)
    /// A key has a value of the wrong type or out of range.
    case invalidValue(path: String, key: String, found: String, expected: String)
    /// The file is well formed, but asks for something that this tokenizer does not do.
    case unsupported(path: String, key: String, found: String, supported: String)
    /// A token that the tokenizer can't do without is not in the vocabulary.
    case missingToken(path: String, token: String, role: String)
    /// Two tokens have one id, or one token has two.
    case duplicateToken(path: String, token: String, detail: String)
    /// The text is longer than ``Tokenizer/maximumTextBytes``.
    case textTooLong(byteCount: Int)
    /// `maxLength` is less than the number of special tokens that the text is wrapped in.
    case truncationTooShort(maxLength: Int, specialTokens: Int)
    /// An id to decode that no token has.
    case unknownTokenID(Int32, vocabularySize: Int)
}

extension TokenizerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noTokenizer(let directory):
            "\(directory): no tokenizer here; expected tokenizer.json or vocab.txt"
        case .unreadableFile(let path, let reason):
            "\(path): can't be read: \(reason)"
        case .malformedFile(let path, let reason):
            "\(path): \(reason)"
        case .missingKey(let path, let key, let expected):
            "\(path): key \(key) is missing; expected \(expected)"
        case .invalidValue(let path, let key, let found, let expected):
            "\(path): key \(key) is \(found); expected \(expected)"
        case .unsupported(let path, let key, let found, let supported):
            "\(path): key \(key) asks for \(found), which is not supported; supported: \(supported)"
        case .missingToken(let path, let token, let role):
            "\(path): the vocabulary has no token \(token), which is needed as \(role)"
        case .duplicateToken(let path, let token, let detail):
            "\(path): token \(token): \(detail)"
        case .textTooLong(let byteCount):
            "the text has \(byteCount) bytes of UTF-8; at most \(Tokenizer.maximumTextBytes) can be encoded"
        case .truncationTooShort(let maxLength, let specialTokens):
            "can't truncate to \(maxLength) tokens: the special tokens alone are \(specialTokens); "
                + "ask for a larger maximum, or for no special tokens"
        case .unknownTokenID(let id, let vocabularySize):
            "no token has the id \(id); the vocabulary's ids are 0 to \(vocabularySize - 1)"
        }
    }
}
