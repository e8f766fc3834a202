#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The OpenBLAS library, loaded when it is the backend: matrix products for CPUs that have no kernels of ours, and for
/// whoever asks for them. A program that takes other kernels pays nothing for it, and need not have it.
package enum OpenBLAS {
    /// Whether the library can be loaded; it is afterwards.
    package static var isAvailable: Bool { (try? library.get()) != nil }

    /// The CPU core that its kernels were written for, such as "SkylakeX"; "unknown" where the library does not say.
    package static var coreName: String { (try? library.get())?.coreName ?? "unknown" }

    /// Its version, such as "0.3.21"; "unknown" where the library does not say.
    package static var version: String { (try? library.get())?.version ?? "unknown" }

    /// Loads the library, unless it is there; it stays.
    ///
    /// - Throws: ``BackendError/openBLAS(reason:)`` where it can't be loaded or lacks a function.
    package static func load() throws(BackendError) { _ = try library.get() }

    /// C = A B, or C += A B when `accumulating`, on the calling thread. Matrices are row-major: A [rows, inner],
    /// B [inner, columns], C [rows, columns]; `lda`, `ldb` and `ldc` floats lie between
    /// the beginnings of their rows.
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
        accumulating: Bool
    ) {
        guard rows > 0, inner > 0, columns > 0 else { return }
        guard case .success(let library) = library else {
            preconditionFailure("a product by OpenBLAS, which is not there")
        }
        unsafe library.sgemm(
            CBLAS.rowMajor,
            CBLAS.asStored,
            CBLAS.asStored,
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

    /// What is used of the loaded library.
    @safe
    struct Library: Sendable {
        let coreName: String
        let version: String
        fileprivate let sgemm: SGEMM

        #if canImport(Darwin)
        static let fileName = "libopenblas.dylib"
        #else
        /// Its soname, which Debian's run-time packages have, and not only those for development.
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
}

/// `cblas_sgemm`: order, both transpositions, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc.
private typealias SGEMM =
    @convention(c) @Sendable (
        Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?, Int32,
        Float, UnsafeMutablePointer<Float>?, Int32
    ) -> Void
private typealias ThreadSetter = @convention(c) (Int32) -> Void
private typealias TextGetter = @convention(c) () -> UnsafePointer<CChar>?
