import Foundation
import Testing

@testable import LinearAlgebra

@Suite("OpenBLAS")
struct OpenBLASTests {
    private let avx512: Set<String> = ["avx2", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]

    @Test("a CPU with AVX-512 gets AVX-512 kernels where the library took lesser ones")
    func betterCore() {
        #expect(OpenBLAS.betterCore(than: "Haswell", features: avx512) == "SkylakeX")
        #expect(OpenBLAS.betterCore(than: "Zen", features: avx512.union(["avx512_bf16"])) == "Cooperlake")
    }

    @Test("kernels that already use AVX-512, or that the CPU can't better, are left alone")
    func noBetterCore() {
        for core in ["SkylakeX", "Cooperlake", "SAPPHIRERAPIDS"] {
            #expect(OpenBLAS.betterCore(than: core, features: avx512) == nil)
        }
        #expect(OpenBLAS.betterCore(than: "Haswell", features: ["avx2", "fma"]) == nil)
        #expect(OpenBLAS.betterCore(than: "Haswell", features: avx512.subtracting(["avx512vl"])) == nil)
    }

    @Test("CPU features are those of the first flags line, and unknown without one")
    func features() {
        let text = "processor\t: 0\nflags\t\t: fpu AVX2 avx512f\nbugs\t\t: none\n\nflags\t\t: other\n"
        #expect(OpenBLAS.cpuFeatures(cpuInfo: Data(text.utf8)) == ["fpu", "avx2", "avx512f"])
        #expect(OpenBLAS.cpuFeatures(cpuInfo: Data("Features : neon\n".utf8)) == nil)
        #expect(OpenBLAS.cpuFeatures(cpuInfo: Data()) == nil)
    }

    @Test("the library says what it is")
    func identity() {
        #expect(!OpenBLAS.coreName.isEmpty && OpenBLAS.coreName != "unknown")
        #expect(OpenBLAS.version.contains("."))
    }
}
