#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension OpenBLAS {
    /// Names the kernels to take; OpenBLAS reads it once, when it is loaded.
    private static let coreTypeVariable = "OPENBLAS_CORETYPE"

    /// The operator's own choice of kernels for this program, such as "Haswell".
    private static let choiceVariable = "SWIFTLET_BLAS_CORE"

    /// Sets the variables by which OpenBLAS, once loaded, takes the best kernels this CPU has and starts no threads.
    ///
    /// Call this first thing in `main`: setenv(3) is not safe beside threads that read the environment. OpenBLAS up to
    /// 0.3.21 does not know newer AMD CPUs and takes its AVX2 kernels on some that have AVX-512, at half the speed; and
    /// some machines export an OPENBLAS_CORETYPE for all programs that does the same. Who wants other kernels names
    /// them in SWIFTLET_BLAS_CORE.
    package static func prepareEnvironment() { isEnvironmentPrepared }

    private static let isEnvironmentPrepared: Void = {
        // Its threads would be started as it is loaded, before anybody could ask for one.
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

    /// What Linux says of the first CPU; empty where it says nothing.
    private static func cpuFeatures() -> Set<String> {
        // The first CPU's entry is well below this size; the kernel writes one for each CPU.
        var text = [UInt8](repeating: 0, count: 8192)
        let file = unsafe open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let count = unsafe text.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        return cpuFeatures(cpuInfo: String(decoding: text.prefix(max(0, count)), as: UTF8.self))
    }

    /// The CPU features that Linux lists, in lower case; none where the list is missing.
    static func cpuFeatures(cpuInfo: String) -> Set<String> {
        for line in cpuInfo.split(separator: "\n") where line.hasPrefix("flags") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return Set(line[line.index(after: colon)...].split(separator: " ").map { $0.lowercased() })
        }
        return []
    }

    /// The core type to ask for when the one asked for has kernels that use less than the CPU has, or none is asked
    /// for; nil when there is no better one.
    ///
    /// The AVX-512 kernels need F, CD, BW, DQ and VL; Cooperlake's need BF16 besides.
    static func betterCore(than current: String?, features: Set<String>) -> String? {
        guard features.isSuperset(of: ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]) else { return nil }
        let kernelsWithAVX512 = ["skylakex", "cooperlake", "sapphirerapids"]
        if let current, kernelsWithAVX512.contains(current.lowercased()) { return nil }
        return features.contains("avx512_bf16") ? "Cooperlake" : "SkylakeX"
    }
}
