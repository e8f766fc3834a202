import Encoder
import LinearAlgebra
import Testing

extension ComputeOptions {
    /// Every backend that this machine has, with every data type it computes in.
    static let allOfThisMachine = Arithmetic.available.filter { $0 != .auto }.flatMap { backend in
        DataType.allCases.filter { backend != .openblas || $0 == .float32 }
            .map { ComputeOptions(dataType: $0, backend: backend) }
    }

    /// Those whose results don't depend on a batch in the last bit.
    static let native = allOfThisMachine.filter { $0.backend != .openblas }
}

extension ComputeOptions: CustomTestStringConvertible {
    package var testDescription: String { "\(backend.rawValue) \(dataType.rawValue)" }
}
