import CKernels
import Testing

/// One of the tables that this CPU can run.
struct Table: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }

    var kernels: swl_kernels {
        get throws {
            guard let kernels = swl_kernels_named(name) else { throw MissingTable(name: name) }
            return kernels.pointee
        }
    }

    /// Every table that is there; "scalar" is always one of them.
    static let all = ["scalar", "neon", "avx2", "avx512f", "avx512"].map(Table.init).filter {
        swl_kernels_named($0.name) != nil
    }

    private struct MissingTable: Error {
        let name: String
    }
}
