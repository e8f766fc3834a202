internal import Foundation
package import LinearAlgebra

/// How a model computes.
package struct ComputeOptions: Sendable {
    /// The arithmetic of the model's products.
    package var dataType: DataType
    /// The kernels or the library that compute them.
    package var backend: Backend
    /// The most threads that fold and pack weights while the model is loaded.
    package var loadingThreads: Int
    /// The most bytes that the process may use; nil if nothing is known. A model whose weights alone take more is
    /// refused before they are read, because the kernel would kill the process later, without a word.
    package var memoryLimit: Int?
    /// Hears how many of the model's parts are packed, from any thread.
    package var onPacked: PackingObserver?

    /// float32 on the fastest backend, loaded by every CPU that is switched on, unless told otherwise.
    package init(
        dataType: DataType = .float32,
        backend: Backend = .auto,
        loadingThreads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        self.dataType = dataType
        self.backend = backend
        self.loadingThreads = loadingThreads
    }

    /// The reason why these options cannot hold together on any machine; nil when they can.
    package var conflict: String? {
        guard backend == .openblas, dataType != .float32 else { return nil }
        return BackendError.unsupportedDataType(dataType, backend).description
    }

    /// Finds out whether this machine can compute so, before a model is read for it.
    package func check() throws(BackendError) {
        _ = try Arithmetic(backend, for: dataType)
    }
}

/// Hears of the progress of loading: how many parts are packed, and how many there are.
package typealias PackingObserver = @Sendable (_ done: Int, _ total: Int) -> Void
