import Foundation

/// How many CPUs this process may use: the smallest of the online CPUs, the affinity mask and the cgroup quota.
///
/// Threads beyond that are not idle, they are harmful: under a quota the kernel stops the whole process for the rest
/// of each period, and unquoted they only take turns. Neither Foundation nor Dispatch looks at the quota.
package struct CPUBudget: Sendable, Equatable {
    /// CPUs that are switched on.
    package var onlineCPUs: Int
    /// CPUs that the process may run on (`taskset`, cpusets); nil where that cannot be told.
    package var affinityCPUs: Int?
    /// CPUs' worth of time that the cgroup grants, as 1.5; nil without a quota.
    package var quotaCPUs: Double?

    /// The number of threads to compute with, at least 1. A fraction of a CPU counts as one more: the quota is then
    /// used whole, at the price of a short stop at the end of a busy period.
    package var count: Int {
        var count = min(onlineCPUs, affinityCPUs ?? onlineCPUs)
        // Compared as a number of CPUs first: a quota may be larger than an Int's worth of them.
        if let quotaCPUs, quotaCPUs.rounded(.up) < Double(count) { count = Int(quotaCPUs.rounded(.up)) }
        return max(1, count)
    }

    /// The budget of this process, now.
    package static func current() -> CPUBudget {
        measure(online: ProcessInfo.processInfo.activeProcessorCount) { path in
            // These files have no size to ask for; their text is short.
            guard let file = FileHandle(forReadingAtPath: path) else { return nil }
            defer { try? file.close() }
            guard let data = try? file.read(upToCount: 1 << 20) else { return nil }
            return String(bytes: data, encoding: .utf8)
        }
    }

    /// The budget as `/proc` and the cgroup file systems tell it; `read` gives a file's text, nil when there is none.
    static func measure(online: Int, read: (String) -> String?) -> CPUBudget {
        CPUBudget(
            onlineCPUs: max(1, online),
            affinityCPUs: read("/proc/self/status").flatMap(allowedCPUs(status:)),
            quotaCPUs: CgroupQuota.smallest(read: read)
        )
    }

    /// Number of CPUs in `/proc/self/status`'s line `Cpus_allowed_list:	0-3,8`.
    static func allowedCPUs(status: String) -> Int? {
        let label = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        return cpuCount(list: line.dropFirst(label.count).trimmingCharacters(in: .whitespaces))
    }

    /// Number of CPUs in a list as the kernel writes it: `0-3,8` is 5. Nil for anything else.
    static func cpuCount(list: String) -> Int? {
        /// More CPUs than Linux can be built for, so that no sum here can overflow.
        let highest = 1 << 20
        var count = 0
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
                0 <= first, first <= last, last < highest, count < highest
            else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }
}
