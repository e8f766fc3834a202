import Testing

@testable import Host

@Suite("The CPU budget")
struct CPUBudgetTests {
    @Test(
        "it is the smallest of online CPUs, affinity and quota, and at least one",
        arguments: [
            (8, nil, nil, 8), (8, 2, nil, 2), (8, 2, 1.0, 1), (8, 4, 2.5, 3), (8, nil, 0.25, 1), (2, 8, 64, 2),
            (4, nil, 1e300, 4), (1, 1, 0.001, 1),
        ] as [(Int, Int?, Double?, Int)]
    )
    func smallest(online: Int, affinity: Int?, quota: Double?, expected: Int) {
        #expect(CPUBudget(onlineCPUs: online, affinityCPUs: affinity, quotaCPUs: quota).count == expected)
    }

    @Test(
        "the kernel's lists of CPUs are counted",
        arguments: [("0", 1), ("0-3", 4), ("0-3,8", 5), ("0,2-3,9-9", 4), ("0-1048575", 1_048_576)]
    )
    func lists(list: String, expected: Int) {
        #expect(CPUBudget.cpuCount(list: list) == expected)
    }

    @Test(
        "anything else is no list",
        arguments: ["", "-", "a", "3-1", "0-", "-1", "0-1-2", "0,,1", "0-9223372036854775807", "0-1048576"]
    )
    func notLists(list: String) {
        #expect(CPUBudget.cpuCount(list: list) == nil)
    }

    @Test("the affinity mask is found in the process's status")
    func status() {
        #expect(CPUBudget.allowedCPUs(status: "Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n") == 2)
        #expect(CPUBudget.allowedCPUs(status: "Name:\tx\n") == nil)
    }

    @Test(
        "cpu.max is quota and period, or max",
        arguments: [
            ("150000 100000\n", 1.5), ("max 100000\n", nil), ("100000", nil), ("", nil), ("0 100000", nil),
            ("1 0", nil), ("-1 100000", nil), ("1 2 3", nil), ("99999999999999999999 1", nil),
        ] as [(String, Double?)]
    )
    func cpuMax(text: String, expected: Double?) {
        #expect(CgroupQuota.quota(cpuMax: text) == expected)
    }

    @Test("version 1 writes -1 for no quota")
    func versionOne() {
        #expect(CgroupQuota.quota(microseconds: "50000\n", period: "100000\n") == 0.5)
        #expect(CgroupQuota.quota(microseconds: "-1\n", period: "100000\n") == nil)
        #expect(CgroupQuota.quota(microseconds: nil, period: "100000") == nil)
    }

    @Test("the smallest quota on the way to the root holds")
    func ancestors() {
        let files = [
            "/proc/self/cgroup": "0::/a/b\n",
            "/proc/self/mountinfo": "31 25 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "/proc/self/status": "Cpus_allowed_list:\t0-7\n",
            "/sys/fs/cgroup/a/b/cpu.max": "400000 100000",
            "/sys/fs/cgroup/a/cpu.max": "250000 100000",
        ]
        let budget = CPUBudget.measure(online: 16) { files[$0] }
        #expect(budget == CPUBudget(onlineCPUs: 16, affinityCPUs: 8, quotaCPUs: 2.5))
        #expect(budget.count == 3)
    }

    @Test("a container's cgroup is found at the mount point, whatever path the process sees")
    func containers() {
        for path in ["/", "/docker/a", "/elsewhere"] {
            let files = [
                "/proc/self/cgroup": "3:cpu,cpuacct:\(path)\n",
                "/proc/self/mountinfo": "36 31 0:31 /docker/a /cg/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
                "/cg/cpu/cpu.cfs_quota_us": "200000\n", "/cg/cpu/cpu.cfs_period_us": "100000\n",
            ]
            #expect(CgroupQuota.smallest { files[$0] } == 2, "\(path)")
        }
    }

    @Test("without /proc the online CPUs are the budget")
    func noProc() {
        #expect(CPUBudget.measure(online: 6) { _ in nil }.count == 6)
        #expect(CPUBudget.measure(online: 0) { _ in nil }.count == 1)
    }

    @Test("this machine has a budget")
    func thisMachine() {
        let budget = CPUBudget.current()
        #expect(budget.count >= 1)
        #expect(budget.count <= budget.onlineCPUs)
    }
}
