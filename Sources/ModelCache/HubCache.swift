import Foundation
import JSON
import ModelFiles

/// One model's part of the cache, laid out as huggingface_hub has it, so that each finds what the other fetched:
///
///     <cache>/models--<namespace>--<name>/blobs/<etag>                    a file's content
///                                         snapshots/<commit>/<path>       a link to it
///                                         refs/<revision>                 the commit that a branch or tag stood for
///                                         .no_exist/<commit>/<path>       a file that the commit is known to lack
///     <cache>/.locks/models--<namespace>--<name>/<etag>.lock              held while the blob is fetched
package struct HubCache: Sendable {
    let root: String
    let id: ModelID

    /// A model's part of the cache whose folder is `root`.
    package init(root: String, id: ModelID) {
        self.root = root
        self.id = id
    }

    /// The model's folder.
    var folder: String { root + "/" + id.folderName }

    /// The path of a file's content.
    package func blob(_ etag: String) -> String { "\(folder)/blobs/\(etag)" }
    /// The path of a content that is being fetched.
    package func incomplete(_ etag: String) -> String { blob(etag) + ".incomplete" }
    /// The path of the lock that is held while a content is fetched.
    package func lock(_ etag: String) -> String { "\(root)/.locks/\(id.folderName)/\(etag).lock" }
    /// The folder of a commit's files.
    package func snapshot(_ commit: String) -> String { "\(folder)/snapshots/\(commit)" }
    /// The path of a commit's file.
    package func file(_ path: String, of commit: String) -> String { "\(snapshot(commit))/\(path)" }
    private func absence(_ path: String, of commit: String) -> String { "\(folder)/.no_exist/\(commit)/\(path)" }
    private func reference(_ revision: Revision) -> String { "\(folder)/refs/\(revision)" }

    // MARK: Reading

    /// A snapshot that can be loaded.
    package struct Snapshot: Equatable {
        /// The folder, which can be used as a model's folder.
        package let folder: String
        /// Whether it is certain that no file is missing. Other programs may have fetched only a part of the model, and
        /// for some files the cache does not show whether the model has them.
        package let isCertain: Bool
    }

    /// The snapshot of a revision, if it is there and can be loaded.
    package func snapshot(of revision: Revision) -> Snapshot? {
        guard let commit = commit(of: revision), isLoadable(commit) else { return nil }
        // A model without a vocabulary takes only token ids. Such models are rare, so a missing vocabulary is taken for
        // an incomplete cache.
        let hasVocabulary = ["", "0_Transformer/"].contains { folder in
            [ModelFile.vocabulary, .tokenizer].contains { has(folder + $0.name, of: commit) }
        }
        let isCertain = hasVocabulary && knowsWhetherThereAreModules(commit)
        return Snapshot(folder: snapshot(commit), isCertain: isCertain)
    }

    /// The commit that a revision stood for when it was last fetched.
    package func commit(of revision: Revision) -> String? {
        if revision.isCommit { return revision.text }
        guard let text = try? String(contentsOfFile: reference(revision), encoding: .utf8) else { return nil }
        let commit = String(text.stripped)
        return Revision.isCommit(commit) ? commit : nil
    }

    /// Whether a commit's file is there.
    package func has(_ path: String, of commit: String) -> Bool { Self.fileSize(file(path, of: commit)) != nil }

    /// A file of a snapshot.
    package func content(_ path: String, of commit: String) throws(HubError) -> [UInt8] {
        let path = file(path, of: commit)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .cacheFailed(path: path, reason: "it cannot be read")
        }
        return Array(data)
    }

    private func isLoadable(_ commit: String) -> Bool {
        var folders = [""]
        if has(NeededFiles.modules, of: commit) {
            guard let bytes = try? content(NeededFiles.modules, of: commit),
                let named = try? NeededFiles.folders(bytes)
            else { return false }
            let withConfiguration = named.filter { $0.ends(with: "Pooling") || $0.ends(with: "Dense") }
            guard withConfiguration.allSatisfy({ has(ModelFile.configuration.path(in: $0), of: commit) }) else {
                return false
            }
            folders += named.filter { !$0.isEmpty }.map { "\($0)/" }
        }
        let hasConfiguration = folders.contains { has($0 + ModelFile.configuration.name, of: commit) }
        return hasConfiguration && folders.contains { hasWeights(in: $0, of: commit) }
    }

    private func hasWeights(in folder: String, of commit: String) -> Bool {
        let configuration = try? content(folder + NeededFiles.configuration, of: commit)
        let stated = configuration.flatMap(NeededFiles.statedWeights)
        let names = (stated.map { [$0] } ?? NeededFiles.weights).map { folder + $0 }
        guard let weights = names.first(where: { has($0, of: commit) }) else { return false }
        guard weights.ends(with: ".index.json") else { return true }
        guard let bytes = try? content(weights, of: commit),
            let parts = try? NeededFiles.partNames(bytes, file: weights)
        else { return false }
        return parts.allSatisfy { RepositoryPath.isSafe($0) && has(folder + $0, of: commit) }
    }

    private func knowsWhetherThereAreModules(_ commit: String) -> Bool {
        let path = NeededFiles.modules
        if has(path, of: commit) || Self.fileSize(absence(path, of: commit)) != nil { return true }
        // huggingface_hub stores the listing of each commit that it has fetched completely.
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/trees/\(commit).json"),
            case .object(let tree)? = try? JSONParser.parse(Array(bytes)), case .object(let files)? = tree["files"]
        else { return false }
        return files[path] == nil
    }

    /// The size in bytes of the file at `path`, links followed; nil if there is no file.
    package static func fileSize(_ path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    // MARK: Writing

    /// Writes the tag that tells backup programs that the folder is a cache.
    package func prepare() throws(HubError) {
        try makeFolder("\(folder)/blobs")
        let tag = root + "/CACHEDIR.TAG"
        guard Self.fileSize(tag) == nil else { return }
        let text = """
            Signature: 8a477f597d28d172789f06886806bc55
            # This folder is a cache: backups need not hold it. https://bford.info/cachedir/

            """
        // The cache works without the tag.
        try? replace(tag) { Self.makeFile($0, text) }
    }

    /// Makes the folder of a file, with those above it.
    package func makeFolder(of path: String) throws(HubError) {
        try makeFolder(String(path[..<(path.unicodeScalars.lastIndex(of: "/") ?? path.endIndex)]))
    }

    private func makeFolder(_ path: String) throws(HubError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .cacheFailed(path: path, reason: "the folder cannot be made: \(SystemError.text(error))")
        }
    }

    /// Links the blob into a snapshot.
    package func link(_ etag: String, as path: String, of commit: String) throws(HubError) {
        let place = file(path, of: commit)
        try makeFolder(of: place)
        // From snapshots/<commit>, the link leads two folders up, and one more for each folder in the path.
        let target = String(repeating: "../", count: 2 + RepositoryPath.depth(path)) + "blobs/\(etag)"
        try replace(place) { name in
            if unsafe symlink(target, name) == 0 { return 0 }
            // The file system has no links: the snapshot gets a copy of the file, as with huggingface_hub.
            guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { return errno }
            let isCopied = (try? FileManager.default.copyItem(atPath: blob(etag), toPath: name)) != nil
            return isCopied ? 0 : EIO
        }
    }

    /// Gives a blob its final name, once it is fetched.
    package func finish(_ etag: String) throws(HubError) {
        guard unsafe rename(incomplete(etag), blob(etag)) == 0 else {
            throw .cacheFailed(path: blob(etag), reason: SystemError.text(errno))
        }
    }

    /// How long a partial file is kept that no pull has continued: long enough for a pull of another revision, which is
    /// the only one that can.
    private static let partialFileDays = 7.0

    /// Removes the partial files of contents that were replaced in the repository before a pull had fetched them. Those
    /// that another process is fetching stay.
    package func removeAbandoned() {
        let (manager, blobs, ending) = (FileManager.default, "\(folder)/blobs", ".incomplete")
        for name in (try? manager.contentsOfDirectory(atPath: blobs)) ?? [] where name.ends(with: ending) {
            let attributes = try? manager.attributesOfItem(atPath: "\(blobs)/\(name)")
            guard let changed = attributes?[.modificationDate] as? Date,
                changed.timeIntervalSinceNow < -Self.partialFileDays * 86_400
            else { continue }
            let etag = name.rest(before: ending).map { String($0) } ?? name
            guard (try? makeFolder(of: lock(etag))) != nil, let lock = try? FileLock(trying: lock(etag)) else {
                continue
            }
            unsafe unlink(incomplete(etag))
            _ = consume lock
        }
    }

    /// Notes which commit a branch or tag stands for.
    package func note(_ commit: String, for revision: Revision) throws(HubError) {
        guard !revision.isCommit, self.commit(of: revision) != commit else { return }
        let path = reference(revision)
        try makeFolder(of: path)
        try replace(path) { Self.makeFile($0, commit) }
    }

    /// Notes a file that a commit does not have.
    package func noteAbsence(_ path: String, of commit: String) throws(HubError) {
        let place = absence(path, of: commit)
        guard Self.fileSize(place) == nil else { return }
        try makeFolder(of: place)
        try replace(place) { Self.makeFile($0, "") }
    }

    /// The lock that is held while references and absences are written. No blob has this name.
    package var notesLock: String { lock("notes") }

    /// Makes a small file; Foundation would write it under a name of its own first, which a killed pull would leave.
    /// - Returns: 0 or the error's number.
    private static func makeFile(_ path: String, _ content: String) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let bytes = Array(content.utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { return errno }
        return count == bytes.count ? 0 : ENOSPC
    }

    /// Makes a file under another name and renames it to `path`, so that no program sees half of it. The name is always
    /// the same, so that the next pull replaces what a killed one has left; a lock keeps other processes away: the
    /// blob's for a link, else ``notesLock``.
    /// - Parameter make: makes the file at the given path, and returns 0 or the error's number.
    private func replace(_ path: String, make: (String) -> Int32) throws(HubError) {
        let name = "\(path).tmp"
        unsafe unlink(name)
        var code = make(name)
        if code == 0, unsafe rename(name, path) != 0 { code = errno }
        guard code != 0 else { return }
        unsafe unlink(name)
        throw .cacheFailed(path: path, reason: SystemError.text(code))
    }
}
