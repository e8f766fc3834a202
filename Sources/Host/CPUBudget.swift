import Foundation

/// The number of CPUs that this process may use: the smallest of the online CPUs, the affinity mask and the cgroup
/// quota.
///
/// More threads than that do harm. Under a quota, the kernel stops the whole process for the rest of each period.
/// Without a quota, the additional threads only take turns with the others. Neither Foundation nor Dispatch looks at
/// the quota.
package struct CPUBudget: Sendable, Equatable {
    /// CPUs that are switched on.
    package var onlineCPUs: Int
    /// CPUs that the process may run on (`taskset`, cpusets); nil if that is unknown.
    package var affinityCPUs: Int?
    /// The CPU time that the cgroup grants, in CPUs, such as 1.5; nil without a quota.
    package var quotaCPUs: Double?

    /// The number of threads to compute with, at least 1. A fraction of a CPU counts as a whole one: so the whole quota
    /// is used, at the price of a short stop at the end of a busy period.
    package var count: Int {
        var count = min(onlineCPUs, affinityCPUs ?? onlineCPUs)
        // The quota is compared before it is converted: it may be too large for an Int.
        if let quotaCPUs, quotaCPUs.rounded(.up) < Double(count) { count = Int(quotaCPUs.rounded(.up)) }
        return max(1, count)
    }

    /// The budget of this process, now.
    package static func current() -> CPUBudget {
        measure(online: ProcessInfo.processInfo.activeProcessorCount, read: KernelFile.text)
    }

    /// The budget according to `/proc` and the cgroup file systems.
    /// - Parameter read: returns a file's text; nil if there is no such file.
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

/// The CPU quota of this process's cgroups, in version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`).
enum CgroupQuota {
    /// The smallest quota from the process's own cgroup up to the root, in CPUs; nil when none is set.
    static func smallest(read: (String) -> String?) -> Double? {
        Cgroup.folders(ofController: "cpu", read: read).compactMap { folder, version in
            switch version {
            case .two: read(folder + "/cpu.max").flatMap(quota(cpuMax:))
            case .one:
                quota(
                    microseconds: read(folder + "/cpu.cfs_quota_us"),
                    period: read(folder + "/cpu.cfs_period_us")
                )
            }
        }.min()
    }

    /// The quota in `cpu.max`: `150000 100000` is 1.5 CPUs, `max 100000` is none.
    static func quota(cpuMax: String) -> Double? {
        let fields = cpuMax.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2 else { return nil }
        return quota(microseconds: String(fields[0]), period: String(fields[1]))
    }

    /// The quota of version 1, in which -1 means no quota.
    static func quota(microseconds: String?, period: String?) -> Double? {
        let number = { (text: String?) in
            text.flatMap { $0.split(whereSeparator: \.isWhitespace).first }.flatMap { Int64($0) }
        }
        guard let quota = number(microseconds), let period = number(period), quota > 0, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }
}
