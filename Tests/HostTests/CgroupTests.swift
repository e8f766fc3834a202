import Testing

@testable import Host

@Suite("The process's cgroups")
struct CgroupTests {
    @Test("the process's own cgroup is found for either version")
    func membership() {
        let text = "12:cpu,cpuacct:/docker/a\n1:name=systemd:/x\n0::/system.slice/a:b.service\n"
        #expect(Cgroup.membership(text, version: .two, controller: "cpu") == "/system.slice/a:b.service")
        #expect(Cgroup.membership(text, version: .one, controller: "cpu") == "/docker/a")
        #expect(Cgroup.membership("garbage\n1:cpu\n", version: .one, controller: "cpu") == nil)
    }

    @Test("the mounted hierarchies are those that can hold a controller's limits")
    func mounts() {
        let text = """
            25 1 0:23 / /proc rw - proc proc rw
            31 25 0:27 / /sys/fs/cgroup rw,nosuid shared:9 master:1 - cgroup2 cgroup2 rw,nsdelegate
            36 31 0:31 /docker/a /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            37 31 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
            nonsense
            - - - -
            """
        #expect(
            Cgroup.mounts(mountinfo: text, controller: "cpu") == [
                .init(version: .two, root: "/", point: "/sys/fs/cgroup"),
                .init(version: .one, root: "/docker/a", point: "/sys/fs/cgroup/cpu,cpuacct"),
            ]
        )
        #expect(Cgroup.mounts(mountinfo: text, controller: "memory").map(\.point).last == "/sys/fs/cgroup/memory")
    }
}

@Suite("The limit of memory")
struct MemoryLimitTests {
    private static let mounted = "31 25 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

    @Test("the smallest limit on the way to the root holds")
    func ancestors() {
        let files = [
            "/proc/self/cgroup": "0::/a/b\n", "/proc/self/mountinfo": Self.mounted,
            "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "1073741824\n",
        ]
        let limit = MemoryLimit.measure(machineBytes: 1 << 34) { files[$0] }
        #expect(limit == MemoryLimit(machineBytes: 1 << 34, cgroupBytes: 1 << 30))
        #expect(limit.bytes == 1 << 30)
    }

    @Test("version 1 writes a huge number for no limit")
    func versionOne() {
        let files = [
            "/proc/self/cgroup": "3:memory:/\n",
            "/proc/self/mountinfo": "36 31 0:31 / /cg/memory ro - cgroup cgroup rw,memory\n",
            "/cg/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        #expect(MemoryLimit.measure(machineBytes: 1 << 34) { files[$0] }.bytes == 1 << 34)
        let limited = files.merging(["/cg/memory/memory.limit_in_bytes": "536870912\n"]) { $1 }
        #expect(MemoryLimit.measure(machineBytes: 1 << 34) { limited[$0] }.bytes == 1 << 29)
    }

    @Test("without a cgroup, or with a limit above the machine's memory, the machine's memory is the limit")
    func machine() {
        #expect(MemoryLimit.measure(machineBytes: 1 << 30) { _ in nil }.bytes == 1 << 30)
        #expect(MemoryLimit(machineBytes: 1 << 30, cgroupBytes: 1 << 40).bytes == 1 << 30)
        #expect(MemoryLimit.current().bytes > 0)
    }
}
