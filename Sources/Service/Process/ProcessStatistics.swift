import Foundation

/// What the kernel says of this process; zeros where there is no /proc.
struct ProcessStatistics: Sendable, Equatable {
    var residentBytes = 0
    var threads = 0
    var openDescriptors = 0
    /// Seconds since 1970.
    var startTime = 0.0

    /// When this process began, near enough: the first time it asked.
    private static let start = Date().timeIntervalSince1970

    init() {}

    static func current() -> ProcessStatistics {
        var statistics = ProcessStatistics()
        statistics.startTime = start
        if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) {
            statistics.residentBytes = field("VmRSS:", in: status) * 1024
            statistics.threads = field("Threads:", in: status)
        }
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        statistics.openDescriptors = descriptors?.count ?? 0
        return statistics
    }

    private static func field(_ name: String, in status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }
}
