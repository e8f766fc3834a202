import Foundation
import JSON
package import ModelCache

/// Fetches models from the Hub into the cache that is shared with huggingface_hub.
package struct HubClient: Sendable {
    /// The addresses of the Hub and of the cache.
    package let settings: HubSettings
    private let observer: PullObserver
    /// The rules for repeating failed attempts.
    var policy = RetryPolicy()

    /// - Parameter observer: gets the events of pulls.
    package init(settings: HubSettings, observer: @escaping PullObserver = { _ in }) {
        self.settings = settings
        self.observer = observer
    }

    /// The result of a pull.
    package struct Pull: Sendable, Equatable {
        /// The snapshot's folder, which can be used as a model's folder.
        package let folder: String
        /// The snapshot's commit; in offline mode the commit that the cache has.
        package let commit: String
        /// The files, by their paths in the repository.
        package let files: [String]
    }

    /// The folder of a model that is in the cache and can be loaded; no network is used.
    ///
    /// - Throws: `invalidID`, `invalidRevision`.
    package func cachedFolder(of id: String, revision: String? = nil) throws(HubError) -> String? {
        try HubCache(root: settings.cache, id: ModelID(id)).snapshot(of: Self.revision(revision))?.folder
    }

    /// The folder of a model: from the cache if it is there, else fetched.
    ///
    /// - Parameters:
    ///   - id: `name` or `namespace/name`.
    ///   - revision: a branch, tag or commit; nil: `main`.
    /// - Throws: `HubError`, `CancellationError`.
    package func snapshot(of id: String, revision: String? = nil) async throws -> String {
        let (model, wanted) = (try ModelID(id), try Self.revision(revision))
        let cached = HubCache(root: settings.cache, id: model).snapshot(of: wanted)
        if let cached, cached.isCertain || settings.isOffline { return cached.folder }
        guard let cached else { return try await pull(id, revision: revision).folder }
        // Another program fetched the model, perhaps in part. If the Hub cannot be asked, the cached files are used.
        var asking = self
        asking.policy.maxAttempts = 1
        do {
            return try await asking.pull(id, revision: revision).folder
        } catch let error as HubError {
            observer(.unconfirmed(reason: "\(error)"))
            return cached.folder
        }
    }

    /// Asks the Hub for the revision's current commit, and fetches the files that the cache lacks.
    ///
    /// - Throws: `HubError`, `CancellationError`.
    package func pull(_ id: String, revision: String? = nil) async throws -> Pull {
        let (model, wanted) = (try ModelID(id), try Self.revision(revision))
        let cache = HubCache(root: settings.cache, id: model)
        guard !settings.isOffline else {
            guard let snapshot = cache.snapshot(of: wanted), let commit = cache.commit(of: wanted) else {
                throw HubError.notCached(id: id, revision: wanted.text, cache: settings.cache)
            }
            return Pull(folder: snapshot.folder, commit: commit, files: [])
        }
        let connection = HubConnection(settings: settings, id: model)
        let listing = try await self.listing(connection, wanted)
        let needed = try NeededFiles(of: listing.files, id: model)
        try cache.prepare()
        observer(.found(commit: listing.commit, files: needed.first.count))
        let fetcher = FileFetcher(connection: connection, cache: cache, commit: listing.commit, policy, observer)
        for file in needed.first { try await fetcher.fetch(file) }
        // config.json, modules.json and indexes of weights name further files.
        func content(_ file: String) throws(HubError) -> [UInt8]? {
            listing.files.contains(ExactText(file)) ? try cache.content(file, of: listing.commit) : nil
        }
        var files = needed.first
        files += try needed.rest(
            configuration: content(NeededFiles.configuration),
            modules: content(NeededFiles.modules)
        )
        var next = 0
        while next < files.count {
            guard files.count <= settings.limits.files else {
                throw HubError.tooLarge(file: "the list of files", bytes: files.count, limit: settings.limits.files)
            }
            let file = files[next]
            if next >= needed.first.count { try await fetcher.fetch(file) }
            if file.ends(with: ".index.json"), let index = try content(file) {
                files += try needed.parts(index, of: file)
            }
            next += 1
        }
        files.sort()
        cache.removeAbandoned()
        try cache.makeFolder(of: cache.notesLock)
        let lock = try await FileLock.acquire(cache.notesLock) {}
        for name in NeededFiles.optional where !listing.files.contains(ExactText(name)) {
            // The note is a hint for later runs: the pull has succeeded without it.
            try? cache.noteAbsence(name, of: listing.commit)
        }
        // This comes last: until all files are there, the revision still stands for its former commit.
        try cache.note(listing.commit, for: wanted)
        _ = consume lock
        return Pull(folder: cache.snapshot(listing.commit), commit: listing.commit, files: files)
    }

    private static func revision(_ text: String?) throws(HubError) -> Revision {
        guard let text else { return .main }
        return try Revision(text)
    }

    /// The commit that a revision stands for now, and the commit's files.
    private func listing(
        _ connection: HubConnection,
        _ revision: Revision
    ) async throws -> (commit: String, files: Set<ExactText>) {
        var url = try connection.listingURL(revision)
        let answer: [UInt8]
        do {
            answer = try await self.answer(connection, revision, url)
        } catch let error as HubError {
            // Some mirrors do not know a model's revisions, only the model.
            guard case .noRepository = error, revision == .main else { throw error }
            url = try connection.modelURL()
            guard let plain = try? await self.answer(connection, revision, url) else { throw error }
            answer = plain
        }
        let listing = try ModelListing(answer, url: HubConnection.shown(url))
        if let files = listing.files { return (listing.commit, files) }
        let treeURL = try connection.treeURL(listing.commit)
        let tree = try await self.answer(connection, revision, treeURL)
        return (listing.commit, try ModelListing.tree(tree, url: HubConnection.shown(treeURL)))
    }

    /// Requests a URL and returns the body of the answer.
    private func answer(_ connection: HubConnection, _ revision: Revision, _ url: URL) async throws -> [UInt8] {
        var retries = Retries(connection, revision, file: nil, url: url, policy: policy, observer: observer)
        while true {
            let sink = MemorySink(name: "the listing of \(connection.id)", limit: settings.limits.answerBytes)
            do {
                try await connection.send(.get, url, timeout: settings.headTimeout, mayLeave: true, to: sink)
                return sink.bytes
            } catch {
                try await retries.pause(after: error)
            }
        }
    }
}

/// An event of a pull.
package enum PullEvent: Sendable, Equatable {
    /// The Hub was asked, and this many files of a commit are needed.
    case found(commit: String, files: Int)
    /// A file is being fetched; `present` bytes of it were there from an earlier attempt.
    case started(file: String, bytes: Int?, present: Int)
    /// This many bytes of the file are there.
    case progressed(file: String, bytes: Int, of: Int?)
    /// The file is complete; `isNew`: it was fetched, not found in the cache.
    case finished(file: String, bytes: Int, isNew: Bool)
    /// The pull waits for another program that is fetching the file.
    case waiting(file: String)
    /// An attempt failed, and another will be made.
    case retrying(reason: String, seconds: Double)
    /// The Hub could not be asked whether the cache holds all files of the model; the cached files are used.
    case unconfirmed(reason: String)
}

/// A function that gets the events of a pull, on any thread.
package typealias PullObserver = @Sendable (PullEvent) -> Void
