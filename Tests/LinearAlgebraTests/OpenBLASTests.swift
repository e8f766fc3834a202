import TestSupport
import Testing

@testable import LinearAlgebra

@Suite("OpenBLAS")
struct OpenBLASTests {
    private let avx512: Set<String> = ["avx2", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]

    @Test("a CPU with AVX-512 gets AVX-512 kernels even if lesser ones, or none, are configured")
    func betterCore() {
        #expect(OpenBLAS.betterCore(than: "Haswell", features: avx512) == "SkylakeX")
        #expect(OpenBLAS.betterCore(than: "Zen", features: avx512.union(["avx512_bf16"])) == "Cooperlake")
        #expect(OpenBLAS.betterCore(than: nil, features: avx512) == "SkylakeX")
    }

    @Test("kernels that already use AVX-512, or that the CPU can't better, are left alone")
    func noBetterCore() {
        for core in ["SkylakeX", "Cooperlake", "SAPPHIRERAPIDS"] {
            #expect(OpenBLAS.betterCore(than: core, features: avx512) == nil)
        }
        #expect(OpenBLAS.betterCore(than: "Haswell", features: ["avx2", "fma"]) == nil)
        #expect(OpenBLAS.betterCore(than: "Haswell", features: avx512.subtracting(["avx512vl"])) == nil)
    }

    @Test("CPU features are those of the first flags line, and none without one")
    func features() {
        let text = "processor\t: 0\nflags\t\t: fpu AVX2 avx512f\nbugs\t\t: none\n\nflags\t\t: other\n"
        #expect(OpenBLAS.cpuFeatures(cpuInfo: text) == ["fpu", "avx2", "avx512f"])
        #expect(OpenBLAS.cpuFeatures(cpuInfo: "Features : neon\n").isEmpty)
        #expect(OpenBLAS.cpuFeatures(cpuInfo: "").isEmpty)
    }

    @Test("the library is loaded when asked for, and says what it is")
    func identity() throws {
        try OpenBLAS.load()
        #expect(OpenBLAS.isAvailable)
        #expect(!OpenBLAS.coreName.isEmpty && OpenBLAS.coreName != "unknown")
        #expect(OpenBLAS.version.contains("."))
    }

    @Test("a library that is missing, or is another one, is an error that names it and Debian's package")
    func missing() {
        for name in ["libnowhere.so.0", "libm.so.6"] {
            let error = #expect(throws: BackendError.self) { try OpenBLAS.Library(fileName: name) }
            #expect(error?.description.contains(name) == true && error?.description.contains("libopenblas0") == true)
        }
    }

    @Test(
        "products are those of plain loops, written or added, and leave what is beside them",
        arguments: [false, true]
    )
    func products(accumulating: Bool) throws {
        try OpenBLAS.load()
        var generator = SeededGenerator(seed: 1)
        let (rows, inner, columns, stride) = (5, 7, 3, 8)
        let left = (0..<rows * stride).map { _ in Float.random(in: -1...1, using: &generator) }
        let right = (0..<inner * stride).map { _ in Float.random(in: -1...1, using: &generator) }
        var result = [Float](repeating: 1, count: rows * stride)
        OpenBLAS.multiply(
            rows: rows,
            columns: columns,
            inner: inner,
            left,
            lda: stride,
            right,
            ldb: stride,
            &result,
            ldc: stride,
            accumulating: accumulating
        )
        for row in 0..<rows {
            for column in 0..<stride {
                let sum = (0..<inner).reduce(Float(accumulating ? 1 : 0)) { sum, index in
                    sum + left[row * stride + index] * right[index * stride + column]
                }
                #expect(abs(result[row * stride + column] - (column < columns ? sum : 1)) < 1e-5)
            }
        }
    }
}
