import Foundation
import HTTPServer
import Testing

extension HTTPServerSuite {
    @Suite struct ExhaustionTests {
        /// In a process of its own: the limit is the whole process's.
        @Test("with no descriptors left the server refuses politely, does not spin, and recovers")
        func descriptors() async {
            await #expect(processExitsWith: .success) {
                let server = try TestServer { $0.maxConnections = 64 }
                try await Self.exhaust(server)
                await server.stop()
            }
        }

        private static func exhaust(_ server: TestServer) async throws {
            let port = server.port
            let clients = (0..<12).map { _ in RawClient() }
            // The clients have theirs (they are in this same process); the server gets five.
            let highest = clients.map(\.number).max() ?? 0
            let usual = try descriptorLimit()
            try setDescriptorLimit(rlimit(rlim_cur: rlim_t(highest) + 6, rlim_max: usual.rlim_max))
            let statuses = try await onThread {
                try clients.map { client in
                    try client.connect(port: port)
                    client.get("/")
                    return (try? client.response().status) ?? 0
                }
            }
            try require(statuses.contains(200) && statuses.contains(503), "statuses are \(statuses)")
            let used = processTime()
            try await Task.sleep(for: .milliseconds(500))
            try require(processTime() - used < 0.15, "the server spins")
            try require(server.statistics.acceptPauses > 0, "the server was not exhausted")
            try require(server.statistics.acceptPauses < 50, "accepting is tried without pause")
            try require(server.statistics.refusedConnections > 0, "nobody was refused")
            withExtendedLifetime(clients) {}
            try setDescriptorLimit(usual)
            try await Task.sleep(for: .milliseconds(250))
            let status = try await server.client { client in
                client.get("/")
                return try client.response().status
            }
            try require(status == 200, "the server has not recovered")
        }

        private static func descriptorLimit() throws -> rlimit {
            var limit = rlimit()
            try require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, "getrlimit fails")
            return limit
        }

        private static func setDescriptorLimit(_ limit: rlimit) throws {
            try withUnsafePointer(to: limit) {
                try require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0) == 0, "setrlimit fails")
            }
        }

        private struct Failure: Error { let reason: String }

        private static func require(_ condition: Bool, _ reason: String) throws {
            guard !condition else { return }
            print(reason)
            throw Failure(reason: reason)
        }

        /// Processor seconds of this process so far.
        private static func processTime() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    }
}
