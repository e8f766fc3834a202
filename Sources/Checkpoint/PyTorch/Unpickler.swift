import ModelFiles

/// Executes a pickle as far as state dictionaries need it: containers, numbers, strings, and descriptions of tensors.
///
/// Python's unpickler calls whatever function a pickle names. This one knows the names of ``PickleGlobal`` and treats
/// each as data; any other name, and any other opcode, ends the reading with an error that names it.
struct Unpickler {
    /// The value of a pickle.
    struct Result {
        let value: PickleValue
        let objects: PickleObjects
        /// Position in the file after the pickle.
        let end: Int
    }

    let file: String
    private(set) var position: Int
    private let end: Int
    private var stack: [PickleValue] = []
    /// Stack heights at the open `MARK`s.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    var objects = PickleObjects()

    /// Executes the pickle that begins at `range`'s start in `bytes` and ends within it; `file` is for messages.
    static func load(from bytes: RawSpan, at range: Range<Int>, file: String) throws(ModelError) -> Result {
        var machine = Unpickler(file: file, range: range)
        return try machine.run(bytes)
    }

    private init(file: String, range: Range<Int>) {
        self.file = file
        position = range.lowerBound
        end = min(range.upperBound, range.lowerBound + CheckpointLimits.pickleBytes)
    }

    private mutating func run(_ bytes: RawSpan) throws(ModelError) -> Result {
        for _ in 0..<CheckpointLimits.pickleOperations {
            let code = try integer(bytes, as: UInt8.self)
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw malformed(
                    found: "opcode 0x\(String(code, radix: 16))",
                    expected: "one that tensors need",
                    before: 1
                )
            }
            if opcode == .stop {
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else {
                    throw malformed(found: "\(stack.count) values left over", expected: "one value in all")
                }
                return Result(value: value, objects: objects, end: position)
            }
            try execute(opcode, bytes)
        }
        let limit = CheckpointLimits.pickleOperations
        throw .limitExceeded(file: file, what: "pickle opcodes", found: "more than \(limit)", limit: limit)
    }

    private mutating func execute(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ModelError) {
        switch opcode {
        case .proto, .frame, .stop: try executeFraming(opcode, bytes)
        case .mark: marks.append(stack.count)
        case .none, .newTrue, .newFalse, .binInt, .binInt1, .binInt2, .long1, .binFloat,
            .binUnicode, .shortBinUnicode, .binUnicode8, .binString, .shortBinString:
            stack.append(try scalar(opcode, bytes))
        case .emptyTuple: pushTuple([])
        case .tuple: pushTuple(try popToMark())
        case .tuple1: pushTuple(try popLast(1))
        case .tuple2: pushTuple(try popLast(2))
        case .tuple3: pushTuple(try popLast(3))
        case .emptyList:
            stack.append(.list(objects.lists.count))
            objects.lists.append([])
        case .append: try extendList(with: try popLast(1))
        case .appends: try extendList(with: try popToMark())
        case .emptyDictionary: pushDictionary()
        case .setItem: try extendDictionary(with: try popLast(2))
        case .setItems: try extendDictionary(with: try popToMark())
        case .get, .binGet, .longBinGet: try recall(opcode, bytes)
        case .put, .binPut, .longBinPut, .memoize: try memorize(opcode, bytes)
        case .global:
            let module = try line(bytes)
            try pushGlobal(module: module, name: try line(bytes))
        case .stackGlobal:
            let names = try popLast(2)
            guard case .string(let module) = names[0], case .string(let name) = names[1] else {
                throw malformed(found: "\(names[0].kind) and \(names[1].kind)", expected: "a module and a name")
            }
            try pushGlobal(module: module, name: name)
        case .reduce:
            let call = try popLast(2)
            stack.append(try reduce(call[0], call[1]))
        case .build: try ignoreState()
        case .binPersistentID: stack.append(try storage(try pop()))
        }
    }

    private mutating func executeFraming(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ModelError) {
        switch opcode {
        case .proto:
            let version = try integer(bytes, as: UInt8.self)
            // 5 is the highest that Python has; 0 and 1 have no PROTO.
            guard (2...5).contains(version) else {
                throw malformed(found: "pickle protocol \(version)", expected: "2 to 5", before: 2)
            }
        default:
            // A frame's length is advice on buffering, which a mapped file has no use for.
            _ = try integer(bytes, as: UInt64.self)
        }
    }

    private mutating func ignoreState() throws(ModelError) {
        // The state of an OrderedDict is `_metadata`, versions of modules; that of a tensor is what someone attached.
        let state = try pop()
        switch top {
        case .dictionary?, .tensor?: break
        default:
            throw malformed(found: "state (\(state.kind)) for \(top?.kind ?? "nothing")", expected: "a dictionary")
        }
    }

    private mutating func pushGlobal(module: String, name: String) throws(ModelError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            let shown = quoted("\(module).\(name)").dropFirst().dropLast()
            throw .forbiddenGlobal(file: file, name: String(shown))
        }
        stack.append(.global(global))
    }
}

// MARK: - Stack and memo

extension Unpickler {
    /// The last value above the innermost mark.
    private var top: PickleValue? { stack.count > marks.last ?? 0 ? stack.last : nil }

    private mutating func pop() throws(ModelError) -> PickleValue {
        guard let value = top else { throw malformed(found: "an empty stack", expected: "a value") }
        stack.removeLast()
        return value
    }

    /// Removes the last `count` values, the lowest first.
    private mutating func popLast(_ count: Int) throws(ModelError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw malformed(found: "an empty stack", expected: "\(count) on it")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(ModelError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed(found: "no mark", expected: "one on the stack") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pushTuple(_ elements: [PickleValue]) {
        stack.append(.tuple(objects.tuples.count))
        objects.tuples.append(elements)
    }

    mutating func pushDictionary() {
        stack.append(.dictionary(objects.dictionaries.count))
        objects.dictionaries.append([])
    }

    private mutating func extendList(with elements: [PickleValue]) throws(ModelError) {
        guard case .list(let list)? = top else {
            throw malformed(found: top?.kind ?? "an empty stack", expected: "a list to append to")
        }
        objects.lists[list] += elements
    }

    private mutating func extendDictionary(with items: [PickleValue]) throws(ModelError) {
        guard case .dictionary(let dictionary)? = top else {
            throw malformed(found: top?.kind ?? "an empty stack", expected: "a dictionary to set items of")
        }
        guard items.count.isMultiple(of: 2) else { throw malformed(found: "a key without value", expected: "both") }
        for index in stride(from: 0, to: items.count, by: 2) {
            objects.dictionaries[dictionary].append((key: items[index], value: items[index + 1]))
        }
    }

    private mutating func memorize(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ModelError) {
        let index: Int =
            switch opcode {
            case .binPut: Int(try integer(bytes, as: UInt8.self))
            case .longBinPut: Int(try integer(bytes, as: UInt32.self))
            case .put: try decimal(bytes)
            default: memo.count
            }
        guard let value = top else {
            throw malformed(found: "an empty stack", expected: "a value to remember")
        }
        memo[index] = value
    }

    private mutating func recall(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ModelError) {
        let index: Int =
            switch opcode {
            case .binGet: Int(try integer(bytes, as: UInt8.self))
            case .longBinGet: Int(try integer(bytes, as: UInt32.self))
            default: try decimal(bytes)
            }
        guard let value = memo[index] else {
            throw malformed(found: "memo entry \(index), which is not set", expected: "one set before")
        }
        stack.append(value)
    }
}

// MARK: - Bytes

extension Unpickler {
    private mutating func scalar(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ModelError) -> PickleValue {
        switch opcode {
        case .newTrue: .boolean(true)
        case .newFalse: .boolean(false)
        case .binInt: .integer(Int(try integer(bytes, as: Int32.self)))
        case .binInt1: .integer(Int(try integer(bytes, as: UInt8.self)))
        case .binInt2: .integer(Int(try integer(bytes, as: UInt16.self)))
        case .long1: try longInteger(bytes)
        case .binFloat: .number(Double(bitPattern: try integer(bytes, as: UInt64.self).byteSwapped))
        case .binUnicode, .binString: try string(bytes, byteCount: UInt64(try integer(bytes, as: UInt32.self)))
        case .binUnicode8: try string(bytes, byteCount: try integer(bytes, as: UInt64.self))
        case .shortBinUnicode, .shortBinString:
            try string(bytes, byteCount: UInt64(try integer(bytes, as: UInt8.self)))
        default: .none
        }
    }

    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: RawSpan,
        as type: Value.Type
    ) throws(ModelError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= end - position, let value = bytes.integer(at: position, as: type) else { throw truncated() }
        position += size
        return value
    }

    private mutating func longInteger(_ bytes: RawSpan) throws(ModelError) -> PickleValue {
        let count = Int(try integer(bytes, as: UInt8.self))
        let digits = try take(count, bytes)
        guard count <= 8 else { return .longInteger(digits) }
        // Sign-extended from the last byte, as two's complement has it; no bytes at all stand for zero.
        var value = (digits.last ?? 0) >= 0x80 ? -1 : 0
        for digit in digits.reversed() { value = value << 8 | Int(digit) }
        return .integer(value)
    }

    private mutating func string(_ bytes: RawSpan, byteCount: UInt64) throws(ModelError) -> PickleValue {
        let limit = CheckpointLimits.pickleStringBytes
        guard byteCount <= UInt64(limit) else {
            throw .limitExceeded(
                file: file,
                what: "pickle, byte \(position): bytes of a string",
                found: "\(byteCount)",
                limit: limit
            )
        }
        guard let text = String(validating: try take(Int(byteCount), bytes), as: UTF8.self) else {
            throw malformed(found: "a string that is not UTF-8", expected: "text")
        }
        return .string(text)
    }

    private mutating func take(_ count: Int, _ bytes: RawSpan) throws(ModelError) -> [UInt8] {
        guard count <= end - position, let taken = bytes.array(at: position..<position + count) else {
            throw truncated()
        }
        position += count
        return taken
    }

    /// The text up to the next line feed, which is consumed too.
    private mutating func line(_ bytes: RawSpan) throws(ModelError) -> String {
        var text: [UInt8] = []
        while true {
            let byte = try integer(bytes, as: UInt8.self)
            if byte == UInt8(ascii: "\n") { break }
            text.append(byte)
            if text.count > CheckpointLimits.pickleStringBytes {
                throw malformed(found: "a line without end", expected: "a name")
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func decimal(_ bytes: RawSpan) throws(ModelError) -> Int {
        let text = try line(bytes)
        guard let value = Int(text), value >= 0 else { throw malformed(found: quoted(text), expected: "a memo index") }
        return value
    }

    private func truncated() -> ModelError {
        malformed(found: "its end", expected: "more of the pickle (at most \(CheckpointLimits.pickleBytes) bytes)")
    }

    func malformed(found: String, expected: String, before count: Int = 0) -> ModelError {
        .malformed(file: file, place: "pickle, byte \(position - count)", found: found, expected: expected)
    }
}
