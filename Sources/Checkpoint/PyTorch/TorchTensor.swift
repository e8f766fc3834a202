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
