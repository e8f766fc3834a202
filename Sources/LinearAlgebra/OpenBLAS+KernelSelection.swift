internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension OpenBLAS {
    /// Names the kernels to take; OpenBLAS reads it once, in its constructor, before `main` begins.
    private static let coreTypeVariable = "OPENBLAS_CORETYPE"

    /// The operator's own choice of kernels for this program, such as "Haswell".
    private static let choiceVariable = "SWIFTLET_BLAS_CORE"

    /// Set by ``selectBestKernels()`` before it executes the program again, so that it never does so twice.
    private static let guardVariable = "SWIFTLET_KERNELS_SELECTED"

    /// Call this first thing in `main`: takes the best kernels this CPU has, one thread a call.
    ///
    /// OpenBLAS up to 0.3.21 does not know newer AMD CPUs and takes its AVX2 kernels on some that have AVX-512, at half
    /// the speed; and some machines export an OPENBLAS_CORETYPE for all programs that does the same. It has chosen by
    /// the time `main` runs, so the program sets OPENBLAS_CORETYPE and executes itself again, once. Who wants
    /// other kernels names them in SWIFTLET_BLAS_CORE. Where the program can't be executed again, it goes on with the
    /// kernels there are.
    package static func selectBestKernels() {
        useCallingThreadOnly()
        #if os(Linux) && arch(x86_64)
        guard unsafe getenv(guardVariable) == nil, let core = coreToTake() else { return }
        unsafe setenv(coreTypeVariable, core, 1)
        unsafe setenv(guardVariable, "1", 1)
        unsafe setenv("OPENBLAS_NUM_THREADS", "1", 1)
        // By its own path where that leads to it, so that `ps` and `pkill` know it by its name and not as "exe".
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            unsafe execv(path, CommandLine.unsafeArgv)
        }
        unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Still here: the program could not be executed again, for example because /proc is not mounted.
        unsafe unsetenv(guardVariable)
        #endif
    }

    /// The core type to start again with; nil when what was taken is right.
    private static func coreToTake() -> String? {
        if let choice = unsafe getenv(choiceVariable) {
            let core = unsafe String(cString: choice)
            return core.isEmpty || core.lowercased() == coreName.lowercased() ? nil : core
        }
        let cpuInfo = FileManager.default.contents(atPath: "/proc/cpuinfo") ?? Data()
        return cpuFeatures(cpuInfo: cpuInfo).flatMap { betterCore(than: coreName, features: $0) }
    }

    /// The CPU features that Linux lists, in lower case; nil where the list is missing.
    static func cpuFeatures(cpuInfo: Data) -> Set<String>? {
        for line in String(decoding: cpuInfo, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == "flags" else { continue }
            return Set(parts[1].split(separator: " ").map { $0.lowercased() })
        }
        return nil
    }

    /// The core type to ask for when `current`'s kernels use less than the CPU has; nil when there is no better one.
    ///
    /// The AVX-512 kernels need F, CD, BW, DQ and VL; Cooperlake's need BF16 besides.
    static func betterCore(than current: String, features: Set<String>) -> String? {
        guard features.isSuperset(of: ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]) else { return nil }
        let kernelsWithAVX512 = ["skylakex", "cooperlake", "sapphirerapids"]
        guard !kernelsWithAVX512.contains(current.lowercased()) else { return nil }
        return features.contains("avx512_bf16") ? "Cooperlake" : "SkylakeX"
    }
}
