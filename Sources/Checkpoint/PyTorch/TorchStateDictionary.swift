import JSON
import ModelFiles

/// The tensors of a state dictionary, once it is known where the file keeps each storage.
struct TorchStateDictionary {
    private let objects: PickleObjects
    private let items: [(name: String, tensor: TorchTensor)]
    private let file: String

    /// Values of other kinds, such as a step counter, are not weights and are left out. A tensor in a dictionary of the
    /// dictionary, as training scripts save a model beside its optimizer, has both names, joined by a dot.
    ///
    /// - Throws: if `pickle` is not a dictionary of names and tensors.
    init(_ pickle: Unpickler.Result, file: String) throws(ModelError) {
        guard case .dictionary(let dictionary) = pickle.value else {
            throw .malformed(
                file: file,
                place: "pickle",
                found: pickle.value.kind,
                expected: "a dictionary of names and tensors"
            )
        }
        let items = Self.items(of: dictionary, pickle.objects, below: "", depth: 0)
        guard !items.isEmpty else {
            throw .malformed(
                file: file,
                place: "pickle",
                found: "a dictionary without tensors",
                expected: "a dictionary of names and tensors"
            )
        }
        self.items = items
        self.file = file
        objects = pickle.objects
    }

    /// Dictionaries inside each other at most. A pickle can put one into itself.
    private static let maxDepth = 3

    private static func items(
        of dictionary: Int,
        _ objects: PickleObjects,
        below prefix: String,
        depth: Int
    ) -> [(name: String, tensor: TorchTensor)] {
        objects.dictionaries[dictionary].flatMap { key, value -> [(name: String, tensor: TorchTensor)] in
            guard case .string(let name) = key else { return [] }
            return switch value {
            case .tensor(let tensor): [(prefix + name, objects.tensors[tensor])]
            case .dictionary(let inner) where depth < maxDepth:
                items(of: inner, objects, below: "\(prefix)\(name).", depth: depth + 1)
            default: []
            }
        }
    }

    /// Every storage that the file's tensors use, by key.
    func storages() throws(ModelError) -> [ExactText: TorchStorage] {
        var storages: [ExactText: TorchStorage] = [:]
        for storage in objects.storages {
            let known = storages.updateValue(storage, forKey: ExactText(storage.key)) ?? storage
            guard known.scalarType == storage.scalarType, known.elementCount == storage.elementCount else {
                throw .malformed(
                    file: file,
                    place: "storage \(quoted(storage.key))",
                    found: "\(storage.elementCount) of \(storage.scalarType)",
                    expected: "\(known.elementCount) of \(known.scalarType), as before"
                )
            }
        }
        return storages
    }

    /// The tensors, given the bytes that each storage key stands for.
    func tensors(at ranges: [ExactText: Range<Int>]) throws(ModelError) -> [StoredTensor] {
        var tensors: [StoredTensor] = []
        tensors.reserveCapacity(items.count)
        for (name, tensor) in items {
            let storage = objects.storages[tensor.storage]
            guard let range = ranges[ExactText(storage.key)], let size = tensor.scalarType.byteCount,
                let storedSize = storage.scalarType.byteCount
            else {
                throw .malformed(
                    file: file,
                    place: "tensor \(quoted(name))",
                    found: "storage \(quoted(storage.key))",
                    expected: "one that the file has"
                )
            }
            let bytes = storage.view.lowerBound * storedSize..<storage.view.upperBound * storedSize
            try checkBounds(tensor, of: storage, elements: bytes.count / size, name: name)
            tensors.append(
                StoredTensor(
                    descriptor: TensorDescriptor(name: name, scalarType: tensor.scalarType, shape: tensor.shape),
                    storage: range.lowerBound + bytes.lowerBound..<range.lowerBound + bytes.upperBound,
                    elementOffset: tensor.offset,
                    strides: tensor.isContiguous ? nil : tensor.usedStrides
                )
            )
        }
        return tensors
    }

    /// Checks that the tensor's last element, and so each one, lies in the part of the storage that the tensor sees.
    private func checkBounds(
        _ tensor: TorchTensor,
        of storage: TorchStorage,
        elements: Int,
        name: String
    ) throws(ModelError) {
        guard let last = tensor.lastElement, last < elements else {
            throw .malformed(
                file: file,
                place: "tensor \(quoted(name))",
                found: "offset \(tensor.offset), shape \(tensor.shape) and strides \(tensor.strides)",
                expected: "elements within the \(elements) of storage \(quoted(storage.key))"
            )
        }
    }
}

extension TorchTensor {
    /// Index in the storage of the element farthest in, or nil when it does not fit `Int`; the one before the offset
    /// for a tensor without elements, whose offset may be the storage's end.
    fileprivate var lastElement: Int? {
        guard elementCount(of: shape) != nil else { return nil }
        if shape.contains(0) { return offset - 1 }
        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(distance)
            if overflow || sumOverflow { return nil }
            last = sum
        }
        return last
    }

    /// Whether the elements are row-major without gaps. The stride of a dimension of one element does not matter.
    fileprivate var isContiguous: Bool {
        guard !shape.contains(0) else { return true }
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected = expected.multipliedReportingOverflow(by: size).partialValue
        }
        return true
    }

    /// The strides, with 0 for each dimension of one element: its stride is not used, may be any number, and is not
    /// covered by the bounds check.
    fileprivate var usedStrides: [Int] {
        zip(shape, strides).map { size, stride in size == 1 ? 0 : stride }
    }
}

/// A storage that a pickle refers to; its elements lie elsewhere in the file.
struct TorchStorage {
    let key: String
    let scalarType: ScalarType
    /// Elements of the whole storage.
    let elementCount: Int
    /// The elements that tensors see: all of them, except in the storage views of legacy files.
    let view: Range<Int>
}

/// A tensor as a pickle describes it: elements of a storage by offset, sizes and strides, nothing of it checked yet.
struct TorchTensor {
    /// Index into ``PickleObjects/storages``.
    let storage: Int
    /// The elements' type, which may differ from the storage's.
    let scalarType: ScalarType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
