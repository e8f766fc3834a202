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
