import CLinux
import Foundation
import Testing

@Suite("CPUs")
struct CPUTests {
    @Test("a thread that leaves its CPU may use the same CPUs as before")
    func leaving() async throws {
        let (result, before, after) = try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<(Int32, String?, String?), any Error>) in
            Thread {
                done.resume(
                    with: Result {
                        let before = try Self.allowedCPUs()
                        let result = clinux_leave_cpus([clinux_current_cpu()], 1)
                        return (result, before, try Self.allowedCPUs())
                    }
                )
            }.start()
        }
        let allowed = try #require(before)
        #expect(after == before)
        let hasOthers = allowed.contains(",") || allowed.contains("-")
        #expect(result == (hasOthers ? 0 : -EINVAL))
    }

    @Test("a thread cannot leave all CPUs")
    func noneLeft() {
        #expect(clinux_leave_cpus(Array(0..<1024), 1024) == -EINVAL)
        #expect(clinux_leave_cpus([-1, 4096], 2) == 0)
    }

    @Test("a thread that steps back is nicer than the process, and the only one that is")
    func stepsBack() async throws {
        let process = try Self.niceness("self")
        let after = try await withCheckedThrowingContinuation { done in
            Thread {
                _ = clinux_step_back(3)
                _ = clinux_step_back(3)
                done.resume(with: Result { try Self.niceness("thread-self") })
            }.start()
        }
        #expect(after == min(19, process + 3))
        #expect(try Self.niceness("self") == process)
    }

    /// The 19th field of the kernel's line about a process or a thread. The second, the name, ends with a parenthesis.
    private static func niceness(_ name: String) throws -> Int {
        let line = try String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
        let fields = try #require(line.split(separator: ")").last).split(separator: " ")
        return try #require(Int(fields[16]))
    }

    private static func allowedCPUs() throws -> String? {
        let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
        return status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }.map(String.init)
    }
}
