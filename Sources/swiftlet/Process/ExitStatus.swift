import ArgumentParser
import Encoder
import Hub
import Service
import Tokenization

/// The program's exit statuses: those of sysexits.h, so that scripts can tell whose fault it was.
enum ExitStatus: Int32 {
    case success = 0
    /// `swiftlet health`: not healthy; `swiftlet verify`: a figure is not met.
    case negative = 1
    /// EX_USAGE: the command line is wrong.
    case usage = 64
    /// EX_DATAERR: an input or a model file cannot be used.
    case dataError = 65
    /// EX_NOINPUT: an input file or a model is not there.
    case noInput = 66
    /// EX_UNAVAILABLE: the service cannot be started, or the Hub cannot be reached.
    case unavailable = 69
    /// EX_SOFTWARE: a fault of ours.
    case software = 70
    /// EX_IOERR: reading or writing failed.
    case inputOutput = 74
    /// EX_NOPERM: the Hub does not let us have the model.
    case noPermission = 77
    /// EX_CONFIG: a setting in the file or the environment is wrong.
    case configuration = 78
    /// 128 + SIGINT, as a shell reports it.
    case interrupted = 130
    /// 128 + SIGTERM.
    case terminated = 143

    /// The status for an error that a command ended with; nil for the argument parser's own errors.
    init?(_ error: any Error) {
        switch error {
        case is CleanExit, is ExitCode, is ValidationError: return nil
        case let error as CommandError: self = error.status
        case let error as ConfigurationError: self = ExitStatus(error)
        case let error as InferenceError: self = ExitStatus(error)
        case let error as TaskError: self = ExitStatus(error)
        case let error as HubError: self = ExitStatus(error)
        case is BrokenPipe: self = .success
        case is TokenizerError, is EncoderError, is ModelError: self = .dataError
        default:
            // The argument parser's errors are not public types; it gives wrong usage and help a status of its own.
            guard SwiftletCommand.exitCode(for: error) == .failure else { return nil }
            self = .software
        }
    }

    private init(_ error: ConfigurationError) {
        switch error {
        case .modelNotFound: self = .noInput
        default: self = error.isUsageError ? .usage : .configuration
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
