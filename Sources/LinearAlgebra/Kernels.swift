internal import CKernels

/// A table of native kernels, chosen once; the arithmetic itself is in `CKernels`.
@safe
struct Kernels {
    let table: UnsafePointer<swl_kernels>

    /// The fastest this CPU has.
    static var best: Kernels {
        guard let table = unsafe swl_kernels_best() else { preconditionFailure("CKernels lacks its scalar table") }
        return unsafe Kernels(table: table)
    }

    private init(table: UnsafePointer<swl_kernels>) {
        unsafe self.table = table
    }

    /// The kernels of that name; nil where this CPU can't run them.
    init?(name: String) {
        guard let table = unsafe swl_kernels_named(name) else { return nil }
        unsafe self.table = table
    }

    /// The instruction set's name.
    var name: String { unsafe String(cString: table.pointee.name) }

    /// Columns of a panel of packed weights.
    var panel: Int { unsafe table.pointee.panel }

    /// The name of the kernel for products of this type.
    func productName(_ dataType: DataType) -> String {
        let name =
            switch dataType {
            case .float32: unsafe table.pointee.gemm_f32_name
            case .bfloat16: unsafe table.pointee.gemm_bf16_name
            case .int8: unsafe table.pointee.gemm_int8_name
            }
        guard let name = unsafe name else { return "none" }
        return unsafe String(cString: name)
    }
}

// Sendable although it holds a pointer: a table is filled before anyone gets it, and never written again.
extension Kernels: @unchecked Sendable {}
