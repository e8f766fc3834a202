import Foundation
import Testing

@testable import Host

@Suite("The kernel's statistics of the process")
struct ProcessStatisticsTests {
    @Test("the start is the machine's start and the ticks since, whatever the program is called")
    func startTime() {
        let fields = (["S"] + (4...21).map(String.init) + ["250", "23"]).joined(separator: " ")
        for name in ["swiftlet", "a b", "a) S 1 (b"] {
            let start = ProcessStatistics.startTime(
                processStat: "7 (\(name)) \(fields)\n",
                systemStat: "cpu 1 2\nbtime 1000\nprocesses 3\n",
                ticksPerSecond: 100
            )
            #expect(start == 1002.5)
        }
        for broken in ["", "7", "7 (a)", "7 (a) S 1 2"] {
            #expect(ProcessStatistics.startTime(processStat: broken, systemStat: "", ticksPerSecond: 100) == 0)
        }
    }

    @Test("the CPU time is that of user and system")
    func cpuTime() {
        let fields = (["S"] + (4...13).map(String.init) + ["150", "75"]).joined(separator: " ")
        #expect(ProcessStatistics.cpuSeconds(processStat: "7 (a) b) \(fields)\n", ticksPerSecond: 100) == 2.25)
        #expect(ProcessStatistics.cpuSeconds(processStat: "7 (a) S", ticksPerSecond: 100) == 0)
    }

    #if os(Linux)
    @Test("this process has memory, threads, descriptors and began before now")
    func current() {
        let statistics = ProcessStatistics.current()
        #expect(statistics.residentBytes > 1 << 20 && statistics.threads > 0 && statistics.openDescriptors > 2)
        #expect(statistics.virtualBytes >= statistics.residentBytes && statistics.cpuSeconds > 0)
        #expect(statistics.maxDescriptors >= statistics.openDescriptors)
        let age = Date().timeIntervalSince1970 - statistics.startTime
        #expect(age > -5 && age < 86400)
    }
    #endif
}
