import Foundation

/// What the kernel says of this process; zeros where there is no /proc.
struct ProcessStatistics: Sendable, Equatable {
    var residentBytes = 0
    var threads = 0
    var openDescriptors = 0
    /// When the process began, in seconds since 1970.
    var startTime = 0.0

    static func current() -> ProcessStatistics {
        var statistics = ProcessStatistics()
        statistics.startTime = start
        if let status = text("/proc/self/status") {
            statistics.residentBytes = field("VmRSS:", in: status) * 1024
            statistics.threads = field("Threads:", in: status)
        }
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        statistics.openDescriptors = descriptors?.count ?? 0
        return statistics
    }

    private static let start = startTime(
        processStat: text("/proc/self/stat") ?? "",
        systemStat: text("/proc/stat") ?? "",
        ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK)))
    )

    /// When a process began: the machine's start in `/proc/stat` and, in `/proc/[pid]/stat`, the ticks from then on.
    static func startTime(processStat: String, systemStat: String, ticksPerSecond: Double) -> Double {
        // The second field is the program's name in parentheses, with whatever the name has; starttime is the 22nd.
        let fields = processStat.split(separator: ")").last?.split(whereSeparator: \.isWhitespace) ?? []
        guard fields.count > 19, let ticks = Double(fields[19]), ticksPerSecond > 0 else { return 0 }
        return Double(field("btime", in: systemStat)) + ticks / ticksPerSecond
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
