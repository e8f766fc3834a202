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

    /// What it is, for messages.
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

/// A storage that a pickle refers to; its elements lie elsewhere in the file.
struct TorchStorage {
    let key: String
    let scalarType: ScalarType
    /// Elements of the whole storage.
    let elementCount: Int
    /// The elements that tensors see: all of them, but for the storage views of legacy files.
    let view: Range<Int>
}

/// A tensor as a pickle describes it: elements of a storage by offset, sizes and strides, nothing of it checked yet.
struct TorchTensor {
    /// Index into ``PickleObjects/storages``.
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
