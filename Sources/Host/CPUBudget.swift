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
        measure(online: ProcessInfo.processInfo.activeProcessorCount) { path in
            // These files report no size, but their text is short.
            guard let file = FileHandle(forReadingAtPath: path) else { return nil }
            defer { try? file.close() }
            guard let data = try? file.read(upToCount: 1 << 20) else { return nil }
            return String(bytes: data, encoding: .utf8)
        }
    }

    /// The budget according to `/proc` and the cgroup file systems.
    /// - - Parameter read: returns a file's text; nil if there is no such file.
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

/// The CPU quota of the cgroups that this process is in, version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`).
enum CgroupQuota {
    /// The smallest quota from the process's own cgroup up to the root, in CPUs; nil when none is set.
    ///
    /// An ancestor's limit holds for all cgroups below it, so all ancestors are read.
    static func smallest(read: (String) -> String?) -> Double? {
        guard let memberships = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else { return nil }
        var quotas: [Double] = []
        for mount in self.mounts(mountinfo: mounts) {
            guard let path = membership(memberships, version: mount.version) else { continue }
            for folder in folders(of: path, mount: mount) {
                let quota =
                    switch mount.version {
                    case .two: read(folder + "/cpu.max").flatMap(quota(cpuMax:))
                    case .one:
                        quota(
                            microseconds: read(folder + "/cpu.cfs_quota_us"),
                            period: read(folder + "/cpu.cfs_period_us")
                        )
                    }
                if let quota { quotas.append(quota) }
            }
        }
        return quotas.min()
    }

    enum Version { case one, two }

    /// A mounted cgroup hierarchy that may hold CPU quotas.
    struct Mount: Equatable {
        var version: Version
        /// The cgroup that is visible at the mount point: `/`, or a container's own cgroup if it has no cgroup
        /// namespace.
        var root: String
        var point: String
    }

    /// The hierarchies in the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)):
    /// `36 35 98:0 /root /point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct`.
    static func mounts(mountinfo: String) -> [Mount] {
        mountinfo.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // Any number of optional fields stands before the "-".
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 1 else { return nil }
            let (root, point) = (String(fields[3]), String(fields[4]))
            switch fields[dash + 1] {
            case "cgroup2":
                return Mount(version: .two, root: root, point: point)
            case "cgroup":
                let options = fields.last?.split(separator: ",") ?? []
                return options.contains("cpu") ? Mount(version: .one, root: root, point: point) : nil
            default:
                return nil
            }
        }
    }

    /// The process's cgroup in the text of `/proc/self/cgroup` (cgroups(7)): `0::/path` for version 2,
    /// `4:cpu,cpuacct:/path` for version 1.
    static func membership(_ text: String, version: Version) -> String? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
            switch version {
            case .two where fields[0] == "0" && fields[1].isEmpty: return String(fields[2])
            case .one where fields[1].split(separator: ",").contains("cpu"): return String(fields[2])
            default: continue
            }
        }
        return nil
    }

    /// The folders of a cgroup and its ancestors under a mount point, the cgroup's own first.
    static func folders(of path: String, mount: Mount) -> [String] {
        var names = path.split(separator: "/")
        let root = mount.root.split(separator: "/")
        // A container sees its own cgroup at the mount point, but `path` may still be the host's path.
        if names.starts(with: root) { names.removeFirst(root.count) } else { names = [] }
        return (0...names.count).reversed().map { depth in
            ([Substring(mount.point)] + names.prefix(depth)).joined(separator: "/")
        }
    }

    /// The quota in `cpu.max`: `150000 100000` is 1.5 CPUs, `max 100000` is none.
    static func quota(cpuMax: String) -> Double? {
        let fields = cpuMax.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2 else { return nil }
        return quota(microseconds: String(fields[0]), period: String(fields[1]))
    }

    /// The quota of version 1, where -1 is none.
    static func quota(microseconds: String?, period: String?) -> Double? {
        let number = { (text: String?) in
            text.flatMap { $0.split(whereSeparator: \.isWhitespace).first }.flatMap { Int64($0) }
        }
        guard let quota = number(microseconds), let period = number(period), quota > 0, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }
}
