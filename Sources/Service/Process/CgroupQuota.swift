/// The CPU quota of the cgroups that this process is in, version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`).
enum CgroupQuota {
    /// The smallest quota from the process's own cgroup up to the root, in CPUs; nil when none is set.
    ///
    /// A limit of any ancestor holds for all below it, so the way is walked to the top.
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
        /// The cgroup that is seen at the mount point: `/`, or a container's own without a cgroup namespace.
        var root: String
        var point: String
    }

    /// The hierarchies in the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)):
    /// `36 35 98:0 /root /point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct`.
    static func mounts(mountinfo: String) -> [Mount] {
        mountinfo.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // Before the "-" stands any number of optional fields.
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
        // A container sees its own cgroup at the mount point while `path` may still be told as the host sees it.
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
