import ModelFiles

/// The effect of the functions that a state dictionary's pickle names, as far as it matters for reading tensors.
extension Unpickler {
    /// The result of "calling" `function` with the tuple `arguments`.
    mutating func reduce(
        _ function: PickleValue,
        _ arguments: PickleValue
    ) throws(ModelError) -> PickleValue {
        guard case .global(let global) = function else {
            throw malformed(found: "a call of \(function.kind)", expected: "a function")
        }
        guard case .tuple(let tuple) = arguments else {
            throw malformed(found: "\(arguments.kind) as arguments of \(global)", expected: "a tuple")
        }
        let values = objects.tuples[tuple]
        switch (global, values.count) {
        case (.orderedDictionary, 0):
            objects.dictionaries.append([])
            return .dictionary(objects.dictionaries.count - 1)
        case (.rebuildTensorV2, 6...7), (.rebuildTensor, 4): return try tensor(values)
        case (.rebuildTensorV3, 7...8):
            guard case .global(.scalarType(let type)) = values[6] else {
                throw malformed(found: "a tensor of \(values[6].kind)", expected: "a type")
            }
            return try tensor(values, of: type)
        case (.rebuildFromType, 4):
            // The outer call has one form only, so this goes one level down.
            guard case .global(let inner) = values[0], inner != .rebuildFromType else {
                throw malformed(found: "\(global) of \(values[0].kind)", expected: "a function that makes a tensor")
            }
            return try reduce(values[0], values[2])
        case (.rebuildParameter, 3...4): return values[0]
        case (.ignored, _): return .none
        case (.size, 1): return values[0]
        default: throw malformed(found: "\(global) of \(values.count) arguments", expected: "as many as it has")
        }
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks, metadata)`; the first four
    /// are the tensor.
    ///
    /// - Parameter type: the elements' type where it is not the storage's, whose elements are then bytes.
    private mutating func tensor(
        _ arguments: [PickleValue],
        of type: ScalarType? = nil
    ) throws(ModelError) -> PickleValue {
        guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1], offset >= 0 else {
            throw malformed(
                found: "a tensor of \(arguments[0].kind) from \(arguments[1].kind)",
                expected: "a storage and an offset"
            )
        }
        let shape = try dimensions(arguments[2])
        let strides = try dimensions(arguments[3])
        guard shape.count == strides.count else {
            throw malformed(found: "\(shape.count) sizes and \(strides.count) strides", expected: "one for each")
        }
        objects.tensors.append(
            TorchTensor(
                storage: storage,
                scalarType: type ?? objects.storages[storage].scalarType,
                offset: offset,
                shape: shape,
                strides: strides
            )
        )
        return .tensor(objects.tensors.count - 1)
    }

    /// A tuple of sizes or strides. PyTorch has no negative ones.
    private func dimensions(_ value: PickleValue) throws(ModelError) -> [Int] {
        guard case .tuple(let tuple) = value, objects.tuples[tuple].count <= CheckpointLimits.rank else {
            throw malformed(found: value.kind, expected: "a tuple of at most \(CheckpointLimits.rank) dimensions")
        }
        var dimensions: [Int] = []
        for element in objects.tuples[tuple] {
            guard case .integer(let integer) = element, integer >= 0 else {
                throw malformed(found: "\(element.kind) as a dimension", expected: "an integer not below 0")
            }
            dimensions.append(integer)
        }
        return dimensions
    }

    /// The storage that the persistent id `("storage", type, key, location, element count, view)` stands for; `view`,
    /// only in legacy files, is None or `(key, offset, element count)` of a part of it.
    mutating func storage(_ identifier: PickleValue) throws(ModelError) -> PickleValue {
        let expected = "(\"storage\", type, key, location, count)"
        guard case .tuple(let tuple) = identifier, (5...6).contains(objects.tuples[tuple].count) else {
            throw malformed(found: "the persistent id \(identifier.kind)", expected: expected)
        }
        let fields = objects.tuples[tuple]
        guard case .string("storage") = fields[0], case .global(.storage(let type)) = fields[1],
            case .string(let key) = fields[2], case .integer(let count) = fields[4], count >= 0
        else {
            let found = fields.map(\.kind).joined(separator: ", ")
            throw malformed(found: "the persistent id (\(found))", expected: expected)
        }
        let view = fields.count == 6 ? try self.view(fields[5], of: count) : 0..<count
        objects.storages.append(TorchStorage(key: key, scalarType: type, elementCount: count, view: view))
        return .storage(objects.storages.count - 1)
    }

    private func view(_ value: PickleValue, of count: Int) throws(ModelError) -> Range<Int> {
        if case .none = value { return 0..<count }
        let expected = "(key, offset, count) within \(count) elements"
        guard case .tuple(let tuple) = value, objects.tuples[tuple].count == 3 else {
            throw malformed(found: "the storage view \(value.kind)", expected: expected)
        }
        let fields = objects.tuples[tuple]
        guard case .integer(let offset) = fields[1], case .integer(let size) = fields[2],
            offset >= 0, size >= 0, offset <= count, size <= count - offset
        else {
            let found = fields.map(\.kind).joined(separator: ", ")
            throw malformed(found: "the storage view (\(found))", expected: expected)
        }
        return offset..<offset + size
    }
}
