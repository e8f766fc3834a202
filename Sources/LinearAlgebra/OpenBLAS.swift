#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The OpenBLAS library, loaded only when it is the backend: for CPUs without native kernels, or if an operator chooses
/// it. With other kernels the program does not load it, and it need not be installed.
package enum OpenBLAS {
    /// Whether the library can be loaded. Reading this property loads it.
    package static var isAvailable: Bool { (try? library.get()) != nil }

    /// The CPU core that the library's kernels were written for, such as "SkylakeX"; "unknown" if the library does not
    /// tell.
    package static var coreName: String { (try? library.get())?.coreName ?? "unknown" }

    /// The library's version, such as "0.3.21"; "unknown" if the library does not tell.
    package static var version: String { (try? library.get())?.version ?? "unknown" }

    /// Loads the library, unless it is loaded already. It stays loaded.
    ///
    /// - Throws: ``BackendError/openBLAS(reason:)`` if the library can't be loaded or lacks a function.
    package static func load() throws(BackendError) { _ = try library.get() }

    /// C = A B, or C += A B when `accumulating`, on the calling thread. Matrices are row-major: A [rows, inner],
    /// B [inner, columns], C [rows, columns]; `lda`, `ldb` and `ldc` floats lie between
    /// the beginnings of their rows. A transposed A or B is stored as [inner, rows] or [columns, inner].
    ///
    /// - Precondition: ``load()`` has succeeded; the pointers lead to such matrices, and C overlaps neither A nor B.
    @unsafe
    package static func multiply(
        rows: Int,
        columns: Int,
        inner: Int,
        _ a: UnsafePointer<Float>?,
        lda: Int,
        _ b: UnsafePointer<Float>?,
        ldb: Int,
        _ c: UnsafeMutablePointer<Float>?,
        ldc: Int,
        accumulating: Bool,
        transposingA: Bool = false,
        transposingB: Bool = false
    ) {
        guard rows > 0, inner > 0, columns > 0 else { return }
        guard case .success(let library) = library else {
            preconditionFailure("a product by OpenBLAS, which is not there")
        }
        unsafe library.sgemm(
            CBLAS.rowMajor,
            transposingA ? CBLAS.transposed : CBLAS.asStored,
            transposingB ? CBLAS.transposed : CBLAS.asStored,
            Int32(rows),
            Int32(columns),
            Int32(inner),
            1,
            a,
            Int32(lda),
            b,
            Int32(ldb),
            accumulating ? 1 : 0,
            c,
            Int32(ldc)
        )
    }

    private static let library = Result { () throws(BackendError) in try Library() }

    /// The loaded library's functions that are used here.
    @safe
    struct Library: Sendable {
        let coreName: String
        let version: String
        fileprivate let sgemm: SGEMM

        #if canImport(Darwin)
        static let fileName = "libopenblas.dylib"
        #else
        /// The library's soname: Debian's run-time packages have this name too, not only those for development.
        static let fileName = "libopenblas.so.0"
        #endif

        init(fileName: String = Self.fileName) throws(BackendError) {
            OpenBLAS.prepareEnvironment()
            guard let handle = unsafe dlopen(fileName, RTLD_LAZY | RTLD_LOCAL) else {
                throw Self.unusable(unsafe dlerror().map { unsafe String(cString: $0) } ?? fileName)
            }
            func address(of name: String) throws(BackendError) -> UnsafeMutableRawPointer {
                guard let address = unsafe dlsym(handle, name) else {
                    throw Self.unusable("\(fileName) has no function \(name)")
                }
                return unsafe address
            }
            unsafe sgemm = unsafeBitCast(try address(of: "cblas_sgemm"), to: SGEMM.self)
            let setThreads = unsafe unsafeBitCast(try address(of: "openblas_set_num_threads"), to: ThreadSetter.self)
            let core = unsafe unsafeBitCast(try address(of: "openblas_get_corename"), to: TextGetter.self)
            let configuration = unsafe unsafeBitCast(try address(of: "openblas_get_config"), to: TextGetter.self)
            // The engine's workers are the parallelism, and OpenBLAS's own threads halve the speed of products this
            // small (245 against 119 GFLOP/s at M=512 N=512 K=128).
            setThreads(1)
            coreName = unsafe core().map { unsafe String(cString: $0) } ?? "unknown"
            // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …"
            let words = unsafe configuration().map { unsafe String(cString: $0).split(separator: " ") } ?? []
            version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
        }

        private static func unusable(_ reason: String) -> BackendError {
            .openBLAS(reason: "\(reason); install OpenBLAS (Debian's package libopenblas0) or choose another backend")
        }
    }
}

/// cblas.h's constants; its enumerations are C ints.
private enum CBLAS {
    static let rowMajor: Int32 = 101
    static let asStored: Int32 = 111
    static let transposed: Int32 = 112
}

/// `cblas_sgemm`: order, both transpositions, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc.
private typealias SGEMM =
    @convention(c) @Sendable (
        Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?, Int32,
        Float, UnsafeMutablePointer<Float>?, Int32
    ) -> Void
private typealias ThreadSetter = @convention(c) (Int32) -> Void
private typealias TextGetter = @convention(c) () -> UnsafePointer<CChar>?

extension OpenBLAS {
    /// The variable that names the kernels that OpenBLAS should use. OpenBLAS reads it once, when it is loaded.
    private static let coreTypeVariable = "OPENBLAS_CORETYPE"

    /// The variable with the operator's choice of kernels for this program, such as "Haswell".
    private static let choiceVariable = "SWIFTLET_BLAS_CORE"

    /// Sets the variables that make OpenBLAS, once it is loaded, use the CPU's best kernels and start no threads.
    ///
    /// Call this first thing in `main`: setenv(3) is not safe beside threads that read the environment. OpenBLAS up to
    /// 0.3.21 does not know newer AMD CPUs: on some CPUs with AVX-512 it uses its AVX2 kernels, at half the speed. On
    /// some machines, an OPENBLAS_CORETYPE that is exported for all programs has the same effect. SWIFTLET_BLAS_CORE
    /// overrides the choice made here.
    package static func prepareEnvironment() { isEnvironmentPrepared }

    private static let isEnvironmentPrepared: Void = {
        // OpenBLAS starts its threads while it is loaded. After that it is too late to ask for one thread only.
        unsafe setenv("OPENBLAS_NUM_THREADS", "1", 1)
        #if os(Linux) && arch(x86_64)
        let choice = variable(choiceVariable) ?? ""
        let core = choice.isEmpty ? betterCore(than: variable(coreTypeVariable), features: cpuFeatures()) : choice
        if let core { unsafe setenv(coreTypeVariable, core, 1) }
        #endif
    }()

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The features that Linux lists for the first CPU; empty if there is no list.
    private static func cpuFeatures() -> Set<String> {
        // The first CPU's entry is well below this size; the kernel writes one for each CPU.
        var text = [UInt8](repeating: 0, count: 8192)
        let file = unsafe open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let count = unsafe text.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        return cpuFeatures(cpuInfo: String(decoding: text.prefix(max(0, count)), as: UTF8.self))
    }

    /// The CPU features that Linux lists, in lower case; none if the list is missing.
    static func cpuFeatures(cpuInfo: String) -> Set<String> {
        for line in cpuInfo.split(separator: "\n") where line.hasPrefix("flags") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return Set(line[line.index(after: colon)...].split(separator: " ").map { $0.lowercased() })
        }
        return []
    }

    /// A core type whose kernels use more of the CPU's features than those of `current` (nil: no core type is set); nil
    /// if there is no better one.
    ///
    /// The AVX-512 kernels need F, CD, BW, DQ and VL; Cooperlake's kernels also need BF16.
    static func betterCore(than current: String?, features: Set<String>) -> String? {
        guard features.isSuperset(of: ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]) else { return nil }
        let kernelsWithAVX512 = ["skylakex", "cooperlake", "sapphirerapids"]
        if let current, kernelsWithAVX512.contains(current.lowercased()) { return nil }
        return features.contains("avx512_bf16") ? "Cooperlake" : "SkylakeX"
    }
}
