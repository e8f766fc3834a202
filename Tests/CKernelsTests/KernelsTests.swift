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
    }

    @Test("takes one that is there")
    func best() throws {
        let best = try #require(swl_kernels_best())
        #expect(Table.all.contains { $0.name == String(cString: best.pointee.name) })
    }
}
