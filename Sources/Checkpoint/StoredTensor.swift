/// Where a tensor's elements lie in a file. Whoever makes one has checked that all of them lie inside the file.
struct StoredTensor: Sendable {
    let descriptor: TensorDescriptor
    /// Index of the file in the checkpoint's list.
    var file = 0
    /// Bytes of the storage that the elements are part of: the tensor's own bytes in safetensors, the whole of a
    /// possibly shared storage in a PyTorch file.
    let storage: Range<Int>
    /// Elements between the storage's start and the tensor's first.
    var elementOffset = 0
    /// Elements from one index to the next, for each dimension; nil when the elements are row-major without gaps.
    var strides: [Int]?
}

/// The product of `shape`, or nil when it does not fit.
func elementCount(of shape: [Int]) -> Int? {
    if shape.contains(0) { return 0 }
    var count = 1
    for dimension in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        if overflow || dimension < 0 { return nil }
        count = product
    }
    return count
}
