/// Why a command could not do its work, with the exit status for it.
enum CommandError: Error, Equatable, CustomStringConvertible {
    /// The options contradict each other.
    case usage(String)
    /// The model's folder is not there.
    case noModel(directory: String, reason: String)
    /// The model's files cannot be used.
    case unusableModel(String)
    /// This machine cannot compute as asked.
    case noEngine(String)
    /// The input file cannot be opened.
    case noInput(path: String, reason: String)
    /// The input breaks off.
    case readFailed(path: String, reason: String)
    /// A text cannot be worked on; `place` says which, as "line 3 of reviews.txt".
    case unusableText(place: String, reason: String)
    /// Standard output cannot be written.
    case writeFailed(reason: String)
    /// The service cannot be started, or broke off.
    case unavailable(String)
    /// `swiftlet health`: what the service answered, or why it did not.
    case unhealthy(String)
    /// `swiftlet verify`: which figures are not met.
    case mismatch(String)

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .noModel, .noInput: .noInput
        case .unusableModel, .unusableText: .dataError
        case .readFailed, .writeFailed: .inputOutput
        case .unavailable, .noEngine: .unavailable
        case .unhealthy, .mismatch: .negative
        }
    }

    var description: String {
        switch self {
        case .usage(let message), .unusableModel(let message), .unavailable(let message),
            .noEngine(let message), .mismatch(let message):
            message
        case .noModel(let directory, let reason): "no model in \(directory): \(reason)"
        case .noInput(let path, let reason): "cannot open \(path): \(reason)"
        case .readFailed(let path, let reason): "reading \(path) failed: \(reason)"
        case .unusableText(let place, let reason): "\(place): \(reason)"
        case .writeFailed(let reason): "writing the results failed: \(reason)"
        case .unhealthy(let reason): "not healthy: \(reason)"
        }
    }
}
