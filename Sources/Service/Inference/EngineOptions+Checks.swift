package import Encoder
package import LinearAlgebra

extension EngineOptions {
    /// Why these options cannot hold together on any machine; nil when they can.
    package var conflict: String? {
        guard backend == .openblas, dataType != .float32 else { return nil }
        return BackendError.unsupportedDataType(dataType, backend).description
    }

    /// Finds out whether this machine can compute so, before a model is read for it.
    package func check() throws(BackendError) {
        _ = try Arithmetic(backend, for: dataType)
    }
}
