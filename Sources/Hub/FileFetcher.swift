import Foundation
import JSON
import ModelCache

/// Fetches files of one commit into the cache.
struct FileFetcher: Sendable {
    private let connection: HubConnection
    private let cache: HubCache
    private let commit: String
    private let policy: RetryPolicy
    private let observer: PullObserver

    init(
        connection: HubConnection,
        cache: HubCache,
        commit: String,
        _ policy: RetryPolicy,
        _ observer: @escaping PullObserver
    ) {
        self.connection = connection
        self.cache = cache
        self.commit = commit
        self.policy = policy
        self.observer = observer
    }

    /// Makes sure that the file `path` is in the commit's snapshot, and fetches it if not.
    ///
    /// - Throws: `HubError`, `CancellationError`.
    func fetch(_ path: String) async throws {
        let path = try RepositoryPath.checked(path)
        var isDamaged = false
        if let size = HubCache.fileSize(cache.file(path, of: commit)) {
            isDamaged = try !isSound(path)
            guard isDamaged else { return observer(.finished(file: path, bytes: size, isNew: false)) }
        }
        let url = try connection.fileURL(path, of: commit)
        let revision = try Revision(commit)
        let retries = Retries(connection, revision, file: path, url: url, policy: policy, observer: observer)
        let metadata = try await metadata(path, url, retries)
        try cache.makeFolder(of: cache.lock(metadata.etag))
        let lock = try await FileLock.acquire(cache.lock(metadata.etag)) { observer(.waiting(file: path)) }
        // Another program may have fetched the file meanwhile, or another model may have the same file.
        var isNew = false
        let size = HubCache.fileSize(cache.blob(metadata.etag))
        if size == nil || isDamaged || metadata.size ?? size != size {
            isNew = true
            try await download(path, url, metadata, retries)
        }
        try cache.link(metadata.etag, as: path, of: commit)
        observer(.finished(file: path, bytes: HubCache.fileSize(cache.blob(metadata.etag)) ?? 0, isNew: isNew))
        _ = consume lock
    }

    /// Whether a file of the snapshot has the checksum in its blob's name. True if this cannot be checked (a copy has
    /// no such name) or if the file could not be repaired (it is not writable).
    private func isSound(_ path: String) throws -> Bool {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: cache.file(path, of: commit)),
            let etag = target.pieces(separatedBy: "/").last.map(String.init),
            let checksum = Checksum(etag: etag), HubCache.fileSize(cache.blob(etag)) != nil
        else { return true }
        do {
            try checksum.check(PartialFile(path: cache.blob(etag)), file: path)
            return true
        } catch HubError.wrongChecksum {
            return false
        } catch is HubError {
            return true
        }
    }

    private func metadata(_ path: String, _ url: URL, _ retries: Retries) async throws -> FileMetadata {
        var retries = retries
        let timeout = connection.settings.headTimeout
        while true {
            let sink = HeadSink()
            do {
                try await connection.send(.head, url, timeout: timeout, mayLeave: false, to: sink)
                guard let response = sink.response else { throw TransferError(reason: "no answer", isPassing: true) }
                let isRedirection = !(200...299).contains(response.status)
                let shown = HubConnection.shown(url)
                let metadata = try FileMetadata(response.fields, isRedirection: isRedirection, url: shown)
                guard metadata.commit ?? commit == commit else {
                    let found = "commit \(metadata.commit ?? "")"
                    throw HubError.malformedAnswer(url: shown, found: found, expected: "commit \(commit)")
                }
                return metadata
            } catch {
                try await retries.pause(after: error)
            }
        }
    }

    /// Fetches a blob while its lock is held. The download resumes where an earlier attempt ended.
    private func download(_ path: String, _ url: URL, _ metadata: FileMetadata, _ retries: Retries) async throws {
        var retries = retries
        let incomplete = cache.incomplete(metadata.etag)
        let limit = connection.settings.limits.fileBytes
        let sink = try FileSink(path, at: incomplete, size: metadata.size, limit: limit, observer: observer)
        observer(.started(file: path, bytes: metadata.size, present: sink.count))
        var furthest = sink.count
        while true {
            do {
                if !sink.isFull { try await request(url, sink) }
                try sink.finish(Checksum(etag: metadata.etag))
                try cache.finish(metadata.etag)
                return
            } catch {
                let hasGained = sink.count > furthest
                furthest = max(furthest, sink.count)
                // No attempt, now or later, may resume from damaged bytes.
                if Self.isDamage(error) { try sink.restart() }
                try await retries.pause(after: error, hasGained: hasGained)
            }
        }
    }

    private func request(_ url: URL, _ sink: FileSink) async throws {
        if !sink.takesRanges { try sink.restart() }
        let fields = sink.count > 0 ? ["Range": "bytes=\(sink.count)-"] : [:]
        let timeout = connection.settings.downloadTimeout
        try await connection.send(.get, url, fields: fields, timeout: timeout, mayLeave: true, to: sink)
    }

    private static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case HubError.wrongSize, HubError.wrongChecksum, HubError.tooLarge: true
        case let error as Refusal: error.response.status == 416
        default: false
        }
    }
}
