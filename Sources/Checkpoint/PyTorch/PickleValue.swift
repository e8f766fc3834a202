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
