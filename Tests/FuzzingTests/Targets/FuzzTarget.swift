/// The targets of fuzzing: all code that reads bytes from outside. The name of a target is also the name of its folder
/// of inputs, and the argument of `scripts/fuzz`.
///
/// A target checks for every input that the code keeps its promises, not only that it does not trap.
enum FuzzTarget: String, CaseIterable, Sendable {
    case http1
    case http2
    case json
    case request
    case tokenizer
    case tokenizerJSON = "tokenizer-json"
    case configJSON = "config-json"
    case safetensors
    case torchZip = "torch-zip"
    case torchLegacy = "torch-legacy"

    /// Runs one input, and traps if a promise is broken.
    func run(_ input: [UInt8]) {
        switch self {
        case .http1: ConnectionFuzzing.http1(input)
        case .http2: ConnectionFuzzing.http2(input)
        case .json: JSONFuzzing.run(input)
        case .request: RequestFuzzing.run(input)
        case .tokenizer: TokenizerFuzzing.encode(input)
        case .tokenizerJSON: TokenizerFuzzing.load(input)
        case .configJSON: CheckpointFuzzing.configuration(input)
        case .safetensors: CheckpointFuzzing.weights(input, fileName: "model.safetensors")
        case .torchZip, .torchLegacy: CheckpointFuzzing.weights(input, fileName: "pytorch_model.bin")
        }
    }
}
