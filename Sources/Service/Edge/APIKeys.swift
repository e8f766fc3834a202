import Foundation
import HTTPProtocol
import HTTPTypes
import JSON
import Synchronization
import TLS

/// The API keys, from a file that may be read again and from the environment. A client must send one of them.
///
/// Only digests of the keys are kept, and each comparison takes the same time whatever the client sent
/// (`SecretDigest`). Guard: the mutex.
final class APIKeys: Sendable {
    /// The result of the check of a request's keys.
    enum Verdict {
        case known, missing, unknown
    }

    /// Most bytes of the file: far more than ``maxKeys`` keys of the usual length need.
    static let maxFileBytes = 256 * 1024
    /// Most keys. Each key costs every request a comparison of some nanoseconds.
    static let maxKeys = 1024
    /// Most bytes of one key.
    static let maxKeyBytes = 512
    /// The most keys of one request that are checked. A client may use several headers, but must not try many keys in
    /// one request.
    private static let maxShown = 4

    /// The file's path; nil if there is no file.
    let path: String?
    private let listed: [SecretDigest]
    private let fromFile: Mutex<[SecretDigest]>

    /// - Parameters:
    ///   - path: A file with one key on each line; blank lines and lines that begin with # are skipped.
    ///   - listed: Further keys.
    init(path: String?, listed: [String]) throws(APIKeysError) {
        self.path = path
        self.listed = try Self.digests(of: listed.map { Array($0.utf8) }, from: SettingsEnvironment.keysVariable)
        var fromFile: [SecretDigest] = []
        if let path { fromFile = try Self.read(path) }
        self.fromFile = Mutex(fromFile)
    }

    /// Reads the file again. If it cannot be used, the keys stay as they were.
    func reload() throws(APIKeysError) {
        guard let path else { return }
        let fresh = try Self.read(path)
        fromFile.withLock { $0 = fresh }
    }

    /// The number of keys.
    var count: Int { listed.count + fromFile.withLock(\.count) }

    /// Looks for a key in `Authorization: Bearer`, `api-key` and `x-api-key`.
    func judge(_ fields: HTTPFields) -> Verdict {
        let shown = Self.shown(in: fields)
        guard !shown.isEmpty else { return .missing }
        let known = listed + fromFile.withLock { $0 }
        var isKnown = false
        for key in shown.prefix(Self.maxShown) where key.utf8.count <= Self.maxKeyBytes {
            guard let digest = SecretDigest(Array(key.utf8)) else { continue }
            for other in known {
                let isEqual = digest.equals(other)
                isKnown = isKnown || isEqual
            }
        }
        return isKnown ? .known : .unknown
    }

    /// The keys in a request's header fields. In `Authorization` the scheme must stand before the key; in the other two
    /// fields some clients write the scheme too.
    private static func shown(in fields: HTTPFields) -> [Substring] {
        fields[values: .authorization].compactMap(bearerToken(in:))
            + (fields[values: .apiKey] + fields[values: .xAPIKey]).map { bearerToken(in: $0) ?? $0[...].trimmed }
    }

    /// The text after "Bearer", in any letter case (RFC 9110, 11.1).
    private static func bearerToken(in value: String) -> Substring? {
        let value = value[...].trimmed
        guard let space = value.unicodeScalars.firstIndex(of: " "), value[..<space].lowercased() == "bearer" else {
            return nil
        }
        return value[space...].trimmed
    }

    // MARK: Reading

    private static func read(_ path: String) throws(APIKeysError) -> [SecretDigest] {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: maxFileBytes + 1) ?? Data()
        } catch {
            throw .unreadable(path: path)
        }
        guard data.count <= maxFileBytes else { throw .tooLarge(path: path, limit: maxFileBytes) }
        let lines = data.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        let keys = lines.map { line in
            let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
            return Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        }.filter { !$0.isEmpty && $0[0] != UInt8(ascii: "#") }
        guard !keys.isEmpty else { throw .noKey(source: path) }
        return try digests(of: keys, from: path)
    }

    private static func digests(of keys: [[UInt8]], from source: String) throws(APIKeysError) -> [SecretDigest] {
        guard keys.count <= maxKeys else { throw .tooMany(source: source, limit: maxKeys) }
        var digests: [SecretDigest] = []
        for (number, key) in zip(1..., keys) {
            // A key must be text that can be sent in a header field. Spaces are refused, because they would be lost at
            // the ends.
            guard !key.isEmpty, key.count <= maxKeyBytes, key.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .malformed(source: source, number: number, limit: maxKeyBytes)
            }
            guard let digest = SecretDigest(key) else { throw .noDigest }
            digests.append(digest)
        }
        return digests
    }
}

/// The reason why the keys can't be used. No message holds any part of a key.
enum APIKeysError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String)
    case tooLarge(path: String, limit: Int)
    case noKey(source: String)
    case tooMany(source: String, limit: Int)
    case malformed(source: String, number: Int, limit: Int)
    case noDigest

    var description: String {
        switch self {
        case .unreadable(let path): "API keys: cannot read \(path); expected a file with one key on each line"
        case .tooLarge(let path, let limit): "API keys: \(path) is larger than \(limit) bytes"
        case .noKey(let source): "API keys: \(source) has no key, and nobody could be served; expected one on each line"
        case .tooMany(let source, let limit): "API keys: \(source) has more than \(limit) keys"
        case .malformed(let source, let number, let limit):
            "API keys: key \(number) of \(source) is malformed; "
                + "expected 1 to \(limit) visible ASCII characters, no spaces"
        case .noDigest: "API keys: OpenSSL's SHA-256 fails"
        }
    }
}

extension HTTPField.Name {
    /// The field in which clients of Azure's interface send the key.
    static let apiKey = Self.make("api-key")
    /// The field in which other clients send the key.
    static let xAPIKey = Self.make("x-api-key")
}
