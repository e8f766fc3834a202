/// What is wrong with a model's folder, said so that its owner can put it right: the file, the key or place in it, what
/// was found there and what was expected.
package enum ModelError: Error, Equatable {
    /// None of the weight files that a model folder may hold is there.
    case nothingFound(directory: String, lookedFor: [String])
    /// The folder holds neither `tokenizer.json` nor `vocab.txt`.
    case noTokenizer(directory: String)
    /// The operating system gave no access to the file; `reason` is its message.
    case unreadable(file: String, reason: String)
    /// The bytes are not what the format asks for. `place` is a key, a tensor's name or a position in the file.
    case malformed(file: String, place: String, found: String, expected: String)
    /// A key has the wrong type, a value out of range, or one that this program does not support.
    case wrongValue(file: String, key: String, found: String, expected: String)
    /// A key that has no default is absent.
    case missingKey(file: String, key: String, expected: String)
    /// The file goes beyond a bound on what is read.
    case limitExceeded(file: String, what: String, found: String, limit: Int)
    /// The vocabulary lacks a token that the tokenizer cannot do without; `role` is what the token is for.
    case missingToken(file: String, token: String, role: String)
    /// Two tokens have one id, or one token has two.
    case duplicateToken(file: String, token: String, detail: String)
    /// The checkpoint has no tensor of that name.
    case missingTensor(file: String, tensor: String)
    /// The checkpoint lacks several tensors that the model needs.
    case missingTensors(file: String, tensors: [String])
    /// The tensor is there, in a shape other than the model's configuration asks for.
    case wrongShape(file: String, tensor: String, found: [Int], expected: [Int])
    /// The tensor's elements are of a type that cannot be read as asked.
    case unsupportedScalarType(file: String, tensor: String, found: String, expected: String)
    /// A pickle asks for a function or class that tensors do not need. It was not looked up, let alone called.
    case forbiddenGlobal(file: String, name: String)
    /// Weights that are NaN or infinite, and make every result so.
    case nonFiniteWeights(file: String, tensor: String)
    /// The first input's values are not finite, although all weights are.
    case nonFiniteValues(directory: String)
    /// The weights take more memory than the process may use. `fitting` is a data type with which they would fit.
    case tooLittleMemory(file: String, dataType: String, bytes: Int, limit: Int, fitting: String?)
    /// The default prompt is to be one that the model does not have; `askedForBy` is the file that says so.
    case unknownPrompt(String, askedForBy: String, known: [String])
}

extension ModelError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nothingFound(let directory, let lookedFor):
            "\(directory): found no checkpoint, expected one of \(lookedFor.joined(separator: ", "))"
        case .noTokenizer(let directory):
            "\(directory): no tokenizer here; expected tokenizer.json or vocab.txt"
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .malformed(let file, let place, let found, let expected):
            "\(file): \(place): found \(found), expected \(expected)"
        case .wrongValue(let file, let key, let found, let expected):
            "\(file): \"\(key)\": found \(found), expected \(expected)"
        case .missingKey(let file, let key, let expected):
            "\(file): \"\(key)\": not there, expected \(expected)"
        case .limitExceeded(let file, let what, let found, let limit):
            "\(file): \(what): found \(found), the limit is \(limit)"
        case .missingToken(let file, let token, let role):
            "\(file): the vocabulary has no token \(token), which is needed as \(role)"
        case .duplicateToken(let file, let token, let detail):
            "\(file): token \(token): \(detail)"
        case .missingTensor(let file, let tensor):
            "\(file): no tensor named \"\(tensor)\""
        case .missingTensors(let file, let tensors):
            "\(file): no tensors named \(quoted(tensors)), \(tensors.count) in all; transformers would fill them "
                + "with random numbers"
        case .wrongShape(let file, let tensor, let found, let expected):
            "\(file): tensor \"\(tensor)\": found shape \(found), expected \(expected)"
        case .unsupportedScalarType(let file, let tensor, let found, let expected):
            "\(file): tensor \"\(tensor)\": found elements of type \(found), expected \(expected)"
        case .forbiddenGlobal(let file, let name):
            "\(file): \(name) is not allowed in a checkpoint; only what tensors are made of is"
        case .nonFiniteWeights(let file, let tensor):
            "\(file): tensor \"\(tensor)\": found NaN or an infinity, which makes results so; expected finite weights"
        case .nonFiniteValues(let directory):
            "\(directory): the first input's values leave the range of 32-bit floats, although all weights are finite; "
                + "expected weights as trained"
        case .tooLittleMemory(let file, let dataType, let bytes, let limit, let fitting):
            "\(file): its weights take at least \(bytes >> 20) MiB as \(dataType), and this process may use "
                + "\(limit >> 20) MiB; "
                + (fitting.map { "choose dtype \($0), or give it more memory" } ?? "give it more memory")
        case .unknownPrompt(let name, let place, let known):
            "\(place): the model has no prompt \"\(name)\"; it has "
                + (known.isEmpty ? "none" : known.map { "\"\($0)\"" }.joined(separator: ", "))
        }
    }
}
