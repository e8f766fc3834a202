/// What is wrong with a model folder, said so that its owner can put it right: the file, the key or place in it, what
/// was found there and what was expected.
package enum CheckpointError: Error, Equatable {
    /// None of the weight files that a model folder may hold is there.
    case nothingFound(directory: String, lookedFor: [String])
    /// The operating system gave no access to the file; `reason` is its message.
    case unreadable(file: String, reason: String)
    /// The bytes are not what the format asks for. `place` is a key, a tensor's name or a position in the file.
    case malformed(file: String, place: String, found: String, expected: String)
    /// A key of a configuration file has the wrong type or a value out of range.
    case wrongValue(file: String, key: String, found: String, expected: String)
    /// A key that has no default is absent from a configuration file.
    case missingKey(file: String, key: String, expected: String)
    /// The checkpoint has no tensor of that name.
    case missingTensor(file: String, tensor: String)
    /// The tensor is there, in a shape other than the model's configuration asks for.
    case wrongShape(file: String, tensor: String, found: [Int], expected: [Int])
    /// The tensor's elements are of a type that cannot be read as asked.
    case unsupportedScalarType(file: String, tensor: String, found: String, expected: String)
    /// A pickle asks for a function or class that tensors do not need. It was not looked up, let alone called.
    case forbiddenGlobal(file: String, name: String)
    /// The file goes beyond a bound of ``CheckpointLimits``.
    case limitExceeded(file: String, what: String, found: String, limit: Int)
}

extension CheckpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nothingFound(let directory, let lookedFor):
            "\(directory): found no checkpoint, expected one of \(lookedFor.joined(separator: ", "))"
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .malformed(let file, let place, let found, let expected):
            "\(file): \(place): found \(found), expected \(expected)"
        case .wrongValue(let file, let key, let found, let expected):
            "\(file): \"\(key)\": found \(found), expected \(expected)"
        case .missingKey(let file, let key, let expected):
            "\(file): \"\(key)\": not there, expected \(expected)"
        case .missingTensor(let file, let tensor):
            "\(file): no tensor named \"\(tensor)\""
        case .wrongShape(let file, let tensor, let found, let expected):
            "\(file): tensor \"\(tensor)\": found shape \(found), expected \(expected)"
        case .unsupportedScalarType(let file, let tensor, let found, let expected):
            "\(file): tensor \"\(tensor)\": found elements of type \(found), expected \(expected)"
        case .forbiddenGlobal(let file, let name):
            "\(file): \(name) is not allowed in a checkpoint; only what tensors are made of is"
        case .limitExceeded(let file, let what, let found, let limit):
            "\(file): \(what): found \(found), the limit is \(limit)"
        }
    }
}
