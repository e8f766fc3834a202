internal import COpenBLAS

/// The linked OpenBLAS library as a whole: what it is, and how it runs.
package enum OpenBLAS {
    /// The CPU core its kernels were written for, such as "SkylakeX": what the library chose when it was loaded.
    package static var coreName: String {
        guard let name = unsafe openblas_get_corename() else { return "unknown" }
        return unsafe String(cString: name)
    }

    /// Its version, such as "0.3.21"; "unknown" where the library does not say.
    package static var version: String {
        guard let text = unsafe openblas_get_config() else { return "unknown" }
        // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …"
        let words = unsafe String(cString: text).split(separator: " ")
        return words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
    }

    /// Keeps every product on the thread that asks for it: the engine's workers are the parallelism, and OpenBLAS's own
    /// threads halve the speed of products this small (245 against 119 GFLOP/s at M=512 N=512 K=128).
    package static func useCallingThreadOnly() {
        openblas_set_num_threads(1)
    }
}
