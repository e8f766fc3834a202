/// What a pull tells while it goes on.
package enum PullEvent: Sendable, Equatable {
    /// The Hub was asked, and these files of a commit will be there.
    case found(commit: String, files: Int)
    /// A file is being fetched; `present` bytes of it were there from an earlier attempt.
    case started(file: String, bytes: Int?, present: Int)
    /// So many bytes of it are there.
    case progressed(file: String, bytes: Int, of: Int?)
    /// It is there whole; `isNew`: it was fetched and was not in the cache.
    case finished(file: String, bytes: Int, isNew: Bool)
    /// Another program fetches it.
    case waiting(file: String)
    /// An attempt failed, and another will be made.
    case retrying(reason: String, seconds: Double)
    /// The Hub could not be asked whether the cache's files are all of the model; they are used as they are.
    case unconfirmed(reason: String)
}

/// Gets the events, on any thread.
package typealias PullObserver = @Sendable (PullEvent) -> Void
