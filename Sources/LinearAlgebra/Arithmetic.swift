/// The chosen kernels, and whether OpenBLAS computes the products with weights instead.
package struct Arithmetic: Sendable {
    /// The backend in use; ``Backend/auto`` has been resolved.
    package let backend: Backend
    let kernels: Kernels

    /// Chooses the kernels once, at start.
    ///
    /// - Throws: ``BackendError`` if this machine can't compute `dataType` on `backend`.
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
            if let reason = kernels.start() { throw .refused(chosen, reason: reason) }
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

    /// Floats that ``OperandScratch/widened`` needs for products with bfloat16 weights of up to `inputs` inputs.
    package func widenedFloats(inputs: Int) -> Int { kernels.widenedFloats(inputs: inputs) }

    /// The name of the product with weights of a type, such as "gemm_f32_6x64_avx512" or "OpenBLAS 0.3.21 Cooperlake".
    package func productName(_ dataType: DataType) -> String {
        backend == .openblas ? "OpenBLAS \(OpenBLAS.version) \(OpenBLAS.coreName)" : kernels.productName(dataType)
    }
}

/// The kernels that an operator may choose: an instruction set of `CKernels` by its name, or one of the values below.
package struct Backend: RawRepresentable, Hashable, Sendable, CaseIterable {
    /// The fastest native kernels of this CPU; if there are none, OpenBLAS for float32.
    package static let auto = Backend(name: "auto")
    /// Plain C, on any CPU.
    package static let scalar = Backend(name: "scalar")
    /// Products by OpenBLAS, float32 only.
    package static let openblas = Backend(name: "openblas")
    /// ``auto``, every instruction set, the fastest first, and ``openblas``.
    package static let allCases = [.auto] + Kernels.names.map { Backend(name: $0) } + [.openblas]

    /// The name in the settings.
    package let rawValue: String

    /// The backend of that name; nil if there is none.
    package init?(rawValue: String) {
        guard let backend = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = backend
    }

    private init(name: String) {
        rawValue = name
    }
}

/// A reason why a backend can't compute as asked.
package enum BackendError: Error, Equatable, CustomStringConvertible {
    /// This CPU, or this build, has no such kernels.
    case unavailable(Backend, available: [Backend])
    /// The CPU has such kernels, but they cannot be used; `reason` says why.
    case refused(Backend, reason: String)
    /// OpenBLAS has float32 products only.
    case unsupportedDataType(DataType, Backend)
    /// The library could not be loaded; `reason` says what to do.
    case openBLAS(reason: String)

    package var description: String {
        switch self {
        case .unavailable(let backend, let available):
            "backend \(backend.rawValue): this CPU has no such instructions; expected one of "
                + available.map(\.rawValue).joined(separator: ", ")
        case .refused(let backend, let reason):
            "backend \(backend.rawValue): \(reason); expected another backend, such as auto"
        case .unsupportedDataType(let dataType, let backend):
            "backend \(backend.rawValue) computes in float32 only, not in \(dataType.rawValue); "
                + "choose dtype float32 or backend auto"
        case .openBLAS(let reason):
            "backend openblas: \(reason)"
        }
    }
}

/// The arithmetic of a model's matrix products; sums and residual streams are float32 in each.
package enum DataType: String, Sendable, CaseIterable {
    /// Products and weights in float32.
    case float32
    /// Weights in bfloat16: half the memory. If the CPU multiplies bfloat16 faster than float32, the products' inputs
    /// are in bfloat16 too, which is twice as fast. Otherwise weights are widened to float32.
    case bfloat16
    /// Weights in int8 with a scale for each output, inputs in 8 bits with a scale for each token that is computed from
    /// the token's own values.
    case int8
}
