/// What is fuzzed: everything that reads bytes which somebody else made. A target's name is that of its folder of
/// inputs and what `scripts/fuzz` takes.
///
/// Each holds its part to what it promises, not only to not trapping: whatever comes in, the promise is checked.
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

    /// Feeds one input; traps where a promise is broken.
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
