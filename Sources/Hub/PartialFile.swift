import ModelCache
import ModelFiles
import TLS

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that is being fetched: `blobs/<etag>.incomplete`. It is written under the blob's lock, by one program at a
/// time.
struct PartialFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    /// The number of bytes that are there, including those of earlier attempts.
    private(set) var size: Int

    /// Opens the file, or makes it.
    init(path: String) throws(HubError) {
        // The mode is that of any file that the user creates, so that the cache is shared if the user's umask allows
        // sharing.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw Self.error(path, errno, adding: nil) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .cacheFailed(path: path, reason: "it is not a file")
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Adds bytes at the end.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(size))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.error(path, errno, adding: rest.count) }
            done += count
            size += count
        }
    }

    /// Discards all bytes.
    mutating func restart() throws(HubError) {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.error(path, errno, adding: nil) }
        size = 0
    }

    /// Writes the bytes to the disk itself. This is done before the file gets its final name.
    func synchronize() throws(HubError) {
        guard fsync(descriptor) == 0 else { throw Self.error(path, errno, adding: nil) }
    }

    /// Whether the file system reports enough free space for `bytes` more.
    func hasRoom(for bytes: Int) -> Bool {
        var system = statvfs()
        guard unsafe fstatvfs(descriptor, &system) == 0 else { return true }
        return UInt64(bytes) <= UInt64(system.f_bavail) * UInt64(system.f_frsize)
    }

    /// Bytes that are hashed between two checks for cancellation.
    private static let chunk = 1 << 20

    /// The hash of `prefix` and the file's bytes, as hexadecimal digits.
    func hash(_ kind: ContentHash.Kind, prefix: String = "") throws -> String? {
        guard var hash = ContentHash(kind) else { return nil }
        unsafe Array(prefix.utf8).withUnsafeBytes { unsafe hash.add($0) }
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        var offset = 0
        while offset < size {
            try Task.checkCancellation()
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                if count > 0 { unsafe hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
                return count
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.error(path, errno, adding: nil) }
            offset += count
        }
        return hash.finish().map(HexText.of)
    }

    private static func error(_ path: String, _ code: Int32, adding bytes: Int?) -> HubError {
        [ENOSPC, EDQUOT].contains(code)
            ? .diskFull(path: path, bytes: bytes) : .cacheFailed(path: path, reason: SystemError.text(code))
    }
}

/// The checksum that a file's bytes must have.
enum Checksum: Equatable {
    /// For a large file (LFS): the SHA-256 of its bytes.
    case sha256(String)
    /// For any other file: git's object id, a SHA-1 of its length and bytes.
    case gitBlob(String)

    /// Reads an ETag; nil if it is neither kind of checksum. Then only the size can be checked.
    init?(etag: String) {
        guard etag.utf8.allSatisfy(HexText.isDigit) else { return nil }
        switch etag.utf8.count {
        case 64: self = .sha256(etag)
        case 40: self = .gitBlob(etag)
        default: return nil
        }
    }

    /// - Throws: `wrongChecksum`.
    func check(_ partial: borrowing PartialFile, file: String) throws {
        switch self {
        case .sha256(let expected):
            guard let found = try partial.hash(.sha256), found != expected else { return }
            throw HubError.wrongChecksum(file: file, found: found, expected: expected)
        case .gitBlob(let expected):
            let prefix = "blob \(partial.size)\0"
            guard let found = try partial.hash(.sha1, prefix: prefix), found != expected else { return }
            throw HubError.wrongChecksum(file: file, found: found, expected: expected)
        }
    }
}
