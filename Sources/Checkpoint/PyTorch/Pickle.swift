import ModelFiles

/// A value on the unpickler's stack.
///
/// Containers are indices into ``PickleObjects``, not nested values: a pickle can nest a million tuples or put a list
/// into itself, and neither may cost recursion or a reference cycle here.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer that does not fit `Int`, as its little-endian two's complement bytes: the magic number.
    case longInteger([UInt8])
    case number(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case storage(Int)
    case tensor(Int)
    case global(PickleGlobal)

    /// The kind of the value, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .longInteger(let bytes): "an integer of \(bytes.count) bytes"
        case .number(let value): "\(value)"
        case .string(let value): quoted(value)
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .global(let global): "\(global)"
        }
    }
}

/// The objects that one pickle made.
struct PickleObjects {
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchTensor] = []
}

/// The functions and classes that a pickled state dictionary needs, or that PyTorch lets stand beside its tensors
/// (`_weights_only_unpickler`). There are no others: nothing is ever looked up.
enum PickleGlobal: Hashable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensorV2
    case rebuildTensorV3
    /// Calls another one, for tensors of a class of their own.
    case rebuildFromType
    case rebuildParameter
    case size
    case storage(ScalarType)
    case scalarType(ScalarType)
    /// Makes a value that is no tensor, and that is not read.
    case ignored

    /// The global `module.name`; nil for anything not known to be harmless.
    init?(module: String, name: String) {
        // Protocol 2, PyTorch's own, has Python 2's name of the module.
        let module = module == "__builtin__" ? "builtins" : module
        guard let global = Self.allowed["\(module).\(name)"] else { return nil }
        self = global
    }

    private static let allowed: [String: PickleGlobal] = {
        var allowed: [String: PickleGlobal] = [
            "collections.OrderedDict": .orderedDictionary,
            "torch._utils._rebuild_tensor": .rebuildTensor,
            "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
            "torch._utils._rebuild_tensor_v3": .rebuildTensorV3,
            "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
            "torch.nn.parameter.Parameter": .ignored,
            "torch.Tensor": .ignored,
            "torch.device": .ignored,
            "torch.serialization._get_layout": .ignored,
            "torch._utils._rebuild_sparse_tensor": .ignored,
            "torch._utils._rebuild_meta_tensor_no_storage": .ignored,
            "collections.Counter": .ignored,
            "_codecs.encode": .ignored,
            "builtins.bytearray": .ignored,
            "builtins.set": .ignored,
            "builtins.complex": .ignored,
            "torch.Size": .size,
            "torch.storage.UntypedStorage": .storage(.uint8),
            "torch.storage._UntypedStorage": .storage(.uint8),
        ]
        let storages: [String: ScalarType] = [
            "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
            "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
            "ByteStorage": .uint8, "BoolStorage": .bool, "UntypedStorage": .uint8,
        ]
        let types: [ScalarType] = [
            .float64, .float32, .float16, .bfloat16, .float8e4m3, .float8e5m2, .int64, .int32, .int16, .int8, .uint64,
            .uint32, .uint16, .uint8, .bool,
        ]
        for type in types { allowed["torch.\(type)"] = .scalarType(type) }
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
        case .rebuildTensorV3: "torch._utils._rebuild_tensor_v3"
        case .rebuildFromType: "torch._tensor._rebuild_from_type_v2"
        case .rebuildParameter: "torch._utils._rebuild_parameter"
        case .size: "torch.Size"
        case .storage(let type): "a torch storage of \(type)"
        case .scalarType(let type): "torch.\(type)"
        case .ignored: "a class of values that are no tensors"
        }
    }
}

/// The pickle opcodes that PyTorch's files are made of (Python's `pickletools` documents each); no others are executed.
enum PickleOpcode: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case stop = 0x2E
    case mark = 0x28

    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long1 = 0x8A
    case binFloat = 0x47
    case binUnicode = 0x58
    case shortBinUnicode = 0x8C
    case binUnicode8 = 0x8D
    case binString = 0x54
    case shortBinString = 0x55

    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5D
    case append = 0x61
    case appends = 0x65
    case emptyDictionary = 0x7D
    case setItem = 0x73
    case setItems = 0x75

    case get = 0x67
    case binGet = 0x68
    case longBinGet = 0x6A
    case put = 0x70
    case binPut = 0x71
    case longBinPut = 0x72
    case memoize = 0x94

    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case binPersistentID = 0x51
}
