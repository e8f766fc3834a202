import Foundation

/// The cgroups of this process, in version 2 and version 1.
enum Cgroup {
    /// The folders with a controller's files: the process's own cgroup first, then its ancestors up to the root.
    ///
    /// An ancestor's limit holds for all cgroups below it, so all ancestors count.
    static func folders(
        ofController controller: String,
        read: (String) -> String?
    ) -> [(path: String, version: Version)] {
        guard let memberships = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else { return [] }
        return self.mounts(mountinfo: mounts, controller: controller).flatMap { mount in
            let path = membership(memberships, version: mount.version, controller: controller)
            return path.map { folders(of: $0, mount: mount).map { ($0, mount.version) } } ?? []
        }
    }

    enum Version { case one, two }

    /// A mounted cgroup hierarchy that may hold a controller's limits.
    struct Mount: Equatable {
        var version: Version
        /// The cgroup that is visible at the mount point: `/`, or a container's own cgroup if it has no cgroup
        /// namespace.
        var root: String
        var point: String
    }

    /// The hierarchies in the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)):
    /// `36 35 98:0 /root /point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct`.
    static func mounts(mountinfo: String, controller: String) -> [Mount] {
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
                return options.contains(Substring(controller)) ? Mount(version: .one, root: root, point: point) : nil
            default:
                return nil
            }
        }
    }

    /// The process's cgroup in the text of `/proc/self/cgroup` (cgroups(7)): `0::/path` for version 2,
    /// `4:cpu,cpuacct:/path` for version 1.
    static func membership(_ text: String, version: Version, controller: String) -> String? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
            switch version {
            case .two where fields[0] == "0" && fields[1].isEmpty: return String(fields[2])
            case .one where fields[1].split(separator: ",").contains(Substring(controller)): return String(fields[2])
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
}

/// The files of `/proc` and the cgroup file systems.
enum KernelFile {
    /// A file's text; nil when there is no such file. These files report no size, but their text is short.
    static func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: 1 << 20) else { return nil }
        return String(bytes: data, encoding: .utf8)
    }
}
