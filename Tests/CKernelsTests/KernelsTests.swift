import CKernels
import Testing

@Suite("The choice of kernels")
struct KernelsTests {
    @Test("knows the tables by name")
    func names() throws {
        for table in Table.all {
            let kernels = try table.kernels
            #expect(String(cString: kernels.name) == table.name)
            #expect(kernels.panel.isMultiple(of: Int(SWL_VECTOR)))
        }
        #expect(swl_kernels_named("scalar") != nil)
        #expect(swl_kernels_named("vax") == nil)
        var names: [String] = []
        while let name = swl_kernels_name(names.count) { names.append(String(cString: name)) }
        #expect(names.contains("scalar") && Set(names).count == names.count)
        #expect(Table.all.allSatisfy { names.contains($0.name) || Table.variants.contains($0.name) })
    }

    @Test("takes a table that the CPU has")
    func best() throws {
        let best = try #require(swl_kernels_best())
        #expect(Table.all.contains { $0.name == String(cString: best.pointee.name) })
    }
}

/// One of the tables that this CPU can run.
struct Table: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }

    var kernels: swl_kernels {
        get throws {
            guard let kernels = swl_kernels_named(name) else { throw MissingTable(name: name) }
            if let reason = kernels.pointee.start?() { throw RefusedTable(reason: String(cString: reason)) }
            return kernels.pointee
        }
    }

    /// Every table that is there; "scalar" is always one of them.
    static let all = (["scalar", "neon", "avx2", "avx512", "avx512bf16", "avx512amx"] + variants).map(Table.init).filter
    {
        swl_kernels_named($0.name) != nil
    }

    /// Tables for tests only.
    static let variants = ["avx512f", "neon80", "neon82", "neon86"]

    private struct MissingTable: Error {
        let name: String
    }

    private struct RefusedTable: Error {
        let reason: String
    }
}
