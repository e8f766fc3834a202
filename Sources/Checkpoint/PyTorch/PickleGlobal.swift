/// The functions and classes that a pickled state dictionary needs. There are no others: nothing is ever looked up.
enum PickleGlobal: Hashable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensorV2
    case rebuildParameter
    case size
    case storage(ScalarType)

    /// The global `module.name`; nil for anything not known to be harmless.
    init?(module: String, name: String) {
        guard let global = Self.allowed["\(module).\(name)"] else { return nil }
        self = global
    }

    private static let allowed: [String: PickleGlobal] = {
        var allowed: [String: PickleGlobal] = [
            "collections.OrderedDict": .orderedDictionary,
            "torch._utils._rebuild_tensor": .rebuildTensor,
            "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch.Size": .size,
            "torch.storage.UntypedStorage": .storage(.uint8),
            "torch.storage._UntypedStorage": .storage(.uint8),
        ]
        let storages: [String: ScalarType] = [
            "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
            "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
            "ByteStorage": .uint8, "BoolStorage": .bool, "UntypedStorage": .uint8,
        ]
        for (name, type) in storages {
            allowed["torch.\(name)"] = .storage(type)
            // Written by PyTorch before 1.6 for tensors that were on a GPU.
            allowed["torch.cuda.\(name)"] = .storage(type)
        }
        return allowed
    }()
}

extension PickleGlobal: CustomStringConvertible {
    var description: String {
        switch self {
        case .orderedDictionary: "collections.OrderedDict"
        case .rebuildTensor: "torch._utils._rebuild_tensor"
        case .rebuildTensorV2: "torch._utils._rebuild_tensor_v2"
        case .rebuildParameter: "torch._utils._rebuild_parameter"
        case .size: "torch.Size"
        case .storage(let type): "a torch storage of \(type)"
        }
    }
}
