import CLinux
import Foundation

/// The program's version, as in CHANGELOG.md.
package enum SwiftletVersion {
    /// Major, minor and patch (semver.org).
    package static let current = "0.2.0"
    /// The commit that the program was built from, in hexadecimal. nil unless the build named it, as scripts/release
    /// does.
    package static let commit: String? = {
        guard let text = unsafe clinux_commit() else { return nil }
        return unsafe String(cString: text)
    }()
    /// What `--version` prints: the version, and the commit if it is known.
    package static let description = current + (commit.map { " (\($0))" } ?? "")
}

/// The kernel's statistics about this process; zeros if there is no /proc.
package struct ProcessStatistics: Sendable, Equatable {
    /// Memory that is resident.
    package var residentBytes = 0
    /// Address space.
    package var virtualBytes = 0
    /// CPU time of all threads, in user and system mode.
    package var cpuSeconds = 0.0
    /// The number of threads of the process.
    package var threads = 0
    /// The number of open descriptors.
    package var openDescriptors = 0
    /// The most descriptors that may be open.
    package var maxDescriptors = 0
    /// The time at which the process began, in seconds since 1970.
    package var startTime = 0.0

    /// Zeros.
    package init() {}

    /// The statistics as they are now.
    package static func current() -> ProcessStatistics {
        var statistics = ProcessStatistics()
        statistics.startTime = start
        if let status = text("/proc/self/status") {
            statistics.residentBytes = field("VmRSS:", in: status) * 1024
            statistics.virtualBytes = field("VmSize:", in: status) * 1024
            statistics.threads = field("Threads:", in: status)
        }
        statistics.cpuSeconds = cpuSeconds(processStat: text("/proc/self/stat") ?? "", ticksPerSecond: ticksPerSecond)
        statistics.openDescriptors = Int(max(0, clinux_open_descriptors()))
        statistics.maxDescriptors = Int(max(0, clinux_descriptor_limit()))
        return statistics
    }

    private static let start = startTime(
        processStat: text("/proc/self/stat") ?? "",
        systemStat: text("/proc/stat") ?? "",
        ticksPerSecond: ticksPerSecond
    )

    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// The time at which a process began: the machine's start (`/proc/stat`) plus the ticks from then until the process
    /// began (`/proc/[pid]/stat`).
    static func startTime(processStat: String, systemStat: String, ticksPerSecond: Double) -> Double {
        guard let ticks = ticks(field: 22, of: processStat), ticksPerSecond > 0 else { return 0 }
        return Double(field("btime", in: systemStat)) + ticks / ticksPerSecond
    }

    /// The CPU time of all threads of a process: utime and stime.
    static func cpuSeconds(processStat: String, ticksPerSecond: Double) -> Double {
        guard let user = ticks(field: 14, of: processStat), let system = ticks(field: 15, of: processStat),
            ticksPerSecond > 0
        else { return 0 }
        return (user + system) / ticksPerSecond
    }

    /// A field of `/proc/[pid]/stat`, counted from 1 as in proc(5). The second field is the program's name in
    /// parentheses. The name may itself have spaces and parentheses.
    private static func ticks(field number: Int, of processStat: String) -> Double? {
        let fields = processStat.split(separator: ")").last?.split(whereSeparator: \.isWhitespace) ?? []
        return fields.count > number - 3 ? Double(fields[number - 3]) : nil
    }

    private static func field(_ name: String, in text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }

    private static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
