import ArgumentParser
import Service
import Tokenization

extension TruncationDirection: ExpressibleByArgument {}

/// How texts are treated that are too long.
struct LengthOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Most tokens of a text, special tokens included.", valueName: "tokens"))
    var maxLength: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Cut a text that is too long, or take it for an error. (default: cut)"
    )
    var truncate: Bool?

    @Option(help: ArgumentHelp("End of the text that is cut.", valueName: "end"))
    var truncationDirection = TruncationDirection.right

    func validate() throws {
        if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength)") }
    }

    var inputOptions: InputOptions {
        InputOptions(truncate: truncate, truncationDirection: truncationDirection, maxLength: maxLength)
    }
}
