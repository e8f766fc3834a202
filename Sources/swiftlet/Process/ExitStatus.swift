import ArgumentParser
import Dispatch
import Encoder
import Foundation
import Hub
import Inference
import ModelCache
import ModelFiles
import Service
import Synchronization
import Tokenization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The program's exit statuses. They are those of sysexits.h, so that scripts can tell the causes of failures apart.
enum ExitStatus: Int32 {
    case success = 0
    /// `swiftlet health`: not healthy; `swiftlet verify`: a figure is not met; `swiftlet train`: the loss is not
    /// finite.
    case negative = 1
    /// EX_USAGE: the command line is wrong.
    case usage = 64
    /// EX_DATAERR: an input or a model file cannot be used.
    case dataError = 65
    /// EX_NOINPUT: an input file or a model is not there.
    case noInput = 66
    /// EX_UNAVAILABLE: the service cannot be started, or the Hub cannot be reached.
    case unavailable = 69
    /// EX_SOFTWARE: a fault of this program.
    case software = 70
    /// EX_IOERR: reading or writing failed.
    case inputOutput = 74
    /// EX_NOPERM: the Hub does not give access to the model.
    case noPermission = 77
    /// EX_CONFIG: a setting in the file or the environment is wrong.
    case configuration = 78
    /// 128 + SIGINT, as a shell reports it.
    case interrupted = 130
    /// 128 + SIGTERM.
    case terminated = 143

    /// The status for the error of a command; nil for the argument parser's own errors.
    init?(_ error: any Error) {
        switch error {
        case is CleanExit, is ExitCode, is ValidationError: return nil
        case let error as CommandError: self = error.status
        case is ModelNotFound: self = .noInput
        case let error as ConfigurationError: self = error.isUsageError ? .usage : .configuration
        case let error as InferenceError: self = ExitStatus(error)
        case let error as TaskError: self = ExitStatus(error)
        case let error as HubError: self = ExitStatus(error)
        case is BrokenPipe: self = .success
        case is TokenizerError, is EncoderError, is ModelError: self = .dataError
        default:
            // The argument parser's errors are not public types. The parser gives wrong usage and help their own
            // status.
            guard SwiftletCommand.exitCode(for: error) == .failure else { return nil }
            self = .software
        }
    }

    private init(_ error: TaskError) {
        switch error {
        case .noTargets, .tooManyTargets, .noChoices, .noLabels, .invalidTemplate: self = .usage
        default: self = .dataError
        }
    }

    private init(_ error: HubError) {
        switch error {
        case .invalidID, .invalidRevision: self = .usage
        case .invalidSetting: self = .configuration
        case .notCached, .noRepository, .noRevision, .noFile: self = .noInput
        case .unauthorized, .forbidden: self = .noPermission
        case .notAModel, .malformedAnswer, .unsafePath, .tooLarge, .wrongSize, .wrongChecksum: self = .dataError
        case .refused, .unreachable: self = .unavailable
        case .diskFull, .cacheFailed: self = .inputOutput
        }
    }

    private init(_ error: InferenceError) {
        switch error {
        case .invalidMaxLength, .invalidDimensions, .invalidTopK, .optionOutOfRange, .overlapTooLong,
            .strideWithoutAggregation, .unknownPrompt, .poolingDoesNotFit:
            self = .usage
        default: self = .dataError
        }
    }
}

/// The reason why a command failed. Each has its exit status.
enum CommandError: Error, Equatable, CustomStringConvertible {
    /// The options contradict each other.
    case usage(String)
    /// The model's folder is not there.
    case noModel(directory: String, reason: String)
    /// The model's files cannot be used.
    case unusableModel(String)
    /// This machine cannot compute with the chosen options.
    case noEngine(String)
    /// The input file cannot be opened.
    case noInput(path: String, reason: String)
    /// Reading the input failed.
    case readFailed(path: String, reason: String)
    /// A text cannot be used. `place` names the text, such as "line 3 of reviews.txt".
    case unusableText(place: String, reason: String)
    /// Standard output cannot be written.
    case writeFailed(reason: String)
    /// The service cannot be started, or stopped with an error.
    case unavailable(String)
    /// `swiftlet health`: the service's answer, or the reason why there is none.
    case unhealthy(String)
    /// `swiftlet verify`: the figures that are not met.
    case mismatch(String)
    /// `swiftlet train`: loss or gradients are not finite any more.
    case diverged(String)

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .noModel, .noInput: .noInput
        case .unusableModel, .unusableText: .dataError
        case .readFailed, .writeFailed: .inputOutput
        case .unavailable, .noEngine: .unavailable
        case .unhealthy, .mismatch, .diverged: .negative
        }
    }

    var description: String {
        switch self {
        case .usage(let message), .unusableModel(let message), .unavailable(let message),
            .noEngine(let message), .mismatch(let message), .diverged(let message):
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

/// The end of the process.
enum ProcessEnd {
    /// Ends the process at once, without the exit handlers of libraries: the engine's threads may still be at work, and
    /// the handlers would free memory that they use. All output has already been passed to the system.
    static func now(_ status: ExitStatus) -> Never {
        _exit(status.rawValue)
    }
}

/// Ends a command on Ctrl-C and SIGTERM, with the status that a shell reports for these signals.
///
/// In a shell the signals' default action would be enough. But for process 1 of a container, the kernel ignores the
/// default action.
struct Interruption {
    private let sources: [any DispatchSourceSignal]

    /// Starts to watch for the signals, as long as the value lives.
    ///
    /// - Parameter cleanUp: called before the end.
    init(cleanUp: @escaping @Sendable () -> Void = {}) {
        sources = [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)].map { number, status in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cleanUp()
                ProcessEnd.now(status)
            }
            source.activate()
            return source
        }
    }
}

/// Notes Ctrl-C and SIGTERM, so that work can be saved before the end. A second signal ends the process at once.
struct InterruptionNotice {
    private final class Received: Sendable {
        let status = Atomic<Int32>(ExitStatus.success.rawValue)
    }

    private let received = Received()
    private let sources: [any DispatchSourceSignal]

    /// Starts to watch for the signals, as long as the value lives.
    init() {
        sources = [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)].map { [received] number, status in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let before = received.status.exchange(status.rawValue, ordering: .relaxed)
                if before != ExitStatus.success.rawValue { ProcessEnd.now(status) }
            }
            source.activate()
            return source
        }
    }

    /// The status to end with; nil if no signal has come.
    var status: ExitStatus? {
        let value = received.status.load(ordering: .relaxed)
        return value == ExitStatus.success.rawValue ? nil : ExitStatus(rawValue: value)
    }
}

/// The error when the reader of the output has closed the pipe. It is not a failure: `swiftlet embed … | head` ends in
/// this way.
struct BrokenPipe: Error {
    /// Makes a write to a pipe without a reader fail with EPIPE instead of ending the process.
    static func ignoreSignal() {
        signal(SIGPIPE, SIG_IGN)
    }
}
