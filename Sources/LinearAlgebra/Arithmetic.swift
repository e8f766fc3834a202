/// What computes: the kernels that were chosen, and whether OpenBLAS does the products of weights.
package struct Arithmetic: Sendable {
    /// The backend that ``Backend/auto`` came to.
    package let backend: Backend
    let kernels: Kernels

    /// Chooses once, at start.
    ///
    /// - Throws: ``BackendError`` when this machine can't compute `dataType` on `backend`.
    package init(_ backend: Backend, for dataType: DataType) throws(BackendError) {
        let best = Kernels.best
        var chosen = backend
        if backend == .auto {
            chosen = Backend(rawValue: best.name) ?? .scalar
            if chosen == .scalar, dataType == .float32, OpenBLAS.isAvailable { chosen = .openblas }
        }
        switch chosen {
        case .openblas:
            guard dataType == .float32 else { throw .unsupportedDataType(dataType, .openblas) }
            try OpenBLAS.load()
            kernels = best
        default:
            guard let kernels = Kernels(name: chosen.rawValue) else {
                throw .unavailable(backend, available: Self.available)
            }
            self.kernels = kernels
        }
        self.backend = chosen
    }

    /// The backends of this machine.
    package static var available: [Backend] {
        Backend.allCases.filter { backend in
            switch backend {
            case .auto: true
            case .openblas: OpenBLAS.isAvailable
            default: Kernels(name: backend.rawValue) != nil
            }
        }
    }

    /// What multiplies by weights of a type, such as "gemm_f32_6x64_avx512" or "OpenBLAS 0.3.21 Cooperlake".
    package func productName(_ dataType: DataType) -> String {
        backend == .openblas ? "OpenBLAS \(OpenBLAS.version) \(OpenBLAS.coreName)" : kernels.productName(dataType)
    }
}
