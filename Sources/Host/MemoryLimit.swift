import Foundation

/// The memory that this process may use: the smaller of the machine's memory and the limits of its cgroups.
package struct MemoryLimit: Sendable, Equatable {
    /// The machine's memory in bytes.
    package var machineBytes: Int
    /// The smallest limit of the process's cgroups in bytes; nil without a limit.
    package var cgroupBytes: Int?

    /// The most bytes that the process may use.
    package var bytes: Int { min(machineBytes, cgroupBytes ?? machineBytes) }

    /// The limit of this process, now.
    package static func current() -> MemoryLimit {
        measure(machineBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory), read: KernelFile.text)
    }

    /// The limit according to the cgroup file systems: `memory.max` in version 2, `memory.limit_in_bytes` in version 1.
    /// - Parameter read: returns a file's text; nil if there is no such file.
    static func measure(machineBytes: Int, read: (String) -> String?) -> MemoryLimit {
        let limits = Cgroup.folders(ofController: "memory", read: read).compactMap { folder, version in
            switch version {
            case .two: read(folder + "/memory.max").flatMap(bytes)
            case .one: read(folder + "/memory.limit_in_bytes").flatMap(bytes)
            }
        }
        return MemoryLimit(machineBytes: machineBytes, cgroupBytes: limits.min())
    }

    /// The number in a limit's file; nil for `max`, and for a number near the largest Int, which is version 1's way to
    /// say "no limit".
    private static func bytes(_ text: String) -> Int? {
        guard let bytes = text.split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) }), bytes > 0,
            bytes < Int.max / 2
        else { return nil }
        return bytes
    }
}
