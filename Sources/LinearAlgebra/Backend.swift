/// Who computes: what an operator may ask for.
package enum Backend: String, Sendable, CaseIterable {
    /// The fastest native kernels of this CPU; where there are none, OpenBLAS for float32.
    case auto
    /// Kernels for AVX-512 (F, BW, DQ, VL), with BF16 and VNNI where the CPU has them.
    case avx512
    /// Kernels for AVX2 and FMA.
    case avx2
    /// Kernels for 64-bit ARM.
    case neon
    /// Plain C, on any CPU.
    case scalar
    /// Products by OpenBLAS, float32 only.
    case openblas
}

/// Why a backend can't compute as asked.
package enum BackendError: Error, Equatable, CustomStringConvertible {
    /// This CPU, or this build, has no such kernels.
    case unavailable(Backend, available: [Backend])
    /// OpenBLAS has float32 products only.
    case unsupportedDataType(DataType, Backend)
    /// The library could not be loaded; `reason` says what to do.
    case openBLAS(reason: String)

    package var description: String {
        switch self {
        case .unavailable(let backend, let available):
            "backend \(backend.rawValue): this CPU has no such instructions; expected one of "
                + available.map(\.rawValue).joined(separator: ", ")
        case .unsupportedDataType(let dataType, let backend):
            "backend \(backend.rawValue) computes in float32 only, not in \(dataType.rawValue); "
                + "choose dtype float32 or backend auto"
        case .openBLAS(let reason):
            "backend openblas: \(reason)"
        }
    }
}
