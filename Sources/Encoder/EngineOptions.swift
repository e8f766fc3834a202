internal import Foundation
package import LinearAlgebra

/// How a model computes.
package struct EngineOptions: Sendable {
    /// The arithmetic of its products.
    package var dataType: DataType
    /// Who computes them.
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
}

/// What a model computes with, for those who ask.
package struct EngineDescription: Sendable, Equatable {
    /// "float32", "bfloat16" or "int8".
    package let dataType: String
    /// The backend that was chosen, such as "avx512".
    package let backend: String
    /// What does the products, such as "gemm_f32_6x64_avx512".
    package let kernels: [String]
}
