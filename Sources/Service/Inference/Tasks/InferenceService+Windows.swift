import Encoder
import Tokenization

extension InferenceService {
    /// The most windows of one request: a row of 384 tokens takes about 10 KB until the last of them is computed.
    package static let maxWindows = 8192

    /// What the model gives for inputs that are divided into windows.
    ///
    /// - Parameter counts: how many of the encodings, in their order, each input has. In usage and errors the inputs
    ///   are counted, not their windows.
    func outputs(
        ofWindows encodings: [Encoding],
        counts: [Int],
        _ request: OutputRequest,
        usage: Usage
    ) async throws -> Outcome<[EncoderOutput]> {
        let outcome: Outcome<[EncoderOutput]>
        do {
            outcome = try await outputs(of: encodings, request, usage: usage)
        } catch InferenceError.inputFailed(let row, let reason) {
            var (input, end) = (0, counts[0])
            while end <= row {
                input += 1
                end += counts[input]
            }
            throw InferenceError.inputFailed(input: input, reason: reason)
        }
        var usage = outcome.usage
        var rows = encodings[...]
        usage.inputLengths = counts.map { count in
            defer { rows = rows.dropFirst(count) }
            return rows.prefix(count).reduce(0) { $0 + $1.count }
        }
        return Outcome(value: outcome.value, usage: usage)
    }

    /// Checks that an option is at least `minimum`, and at most `maximum`.
    func check(
        _ option: String,
        _ value: Int,
        atLeast minimum: Int,
        atMost maximum: Int? = nil
    ) throws(InferenceError) {
        guard value < minimum || value > maximum ?? .max else { return }
        throw .optionOutOfRange(option, given: value, minimum: minimum, maximum: maximum)
    }

    /// Checks how many windows a request has come to so far.
    func checkWindows(_ count: Int) throws(InferenceError) {
        guard count <= Self.maxWindows else { throw .tooManyWindows(count: count, limit: Self.maxWindows) }
    }
}
