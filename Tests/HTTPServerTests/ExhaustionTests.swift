import Foundation
import HTTPServer
import Testing

extension HTTPServerSuite {
    @Suite struct ExhaustionTests {
        /// In a process of its own: the limit is the whole process's.
        @Test("with no descriptors left the server refuses politely, does not spin, and recovers")
        func descriptors() async {
            await #expect(processExitsWith: .success) {
                do {
                    let server = try TestServer { $0.maxConnections = 64 }
                    try await Self.exhaust(server)
                    await server.stop()
                } catch let failure as Failure {
                    // What is printed here is lost; the status says which promise was broken.
                    exit(failure.rawValue)
                }
            }
        }

        private static func exhaust(_ server: TestServer) async throws {
            let port = server.port
            let clients = (0..<12).map { _ in RawClient() }
            // The clients have theirs (they are in this same process); the server gets five. Others may be taken: this
            // process has inherited what the tests beside it had open.
            let free = (0..<5).map { _ in dup(0) }
            for descriptor in free { close(descriptor) }
            let usual = try descriptorLimit()
            let limit = rlim_t((free.max() ?? 0) + 1)
            try setDescriptorLimit(rlimit(rlim_cur: limit, rlim_max: usual.rlim_max))
            let statuses = try await onThread {
                try clients.map { client in
                    try client.connect(port: port)
                    client.get("/")
                    return (try? client.response().status) ?? 0
                }
            }
            try require(statuses.contains(200) && statuses.contains(503), .wrongStatuses)
            let used = processTime()
            try await Task.sleep(for: .milliseconds(500))
            try require(processTime() - used < 0.15, .spins)
            try require(server.statistics.acceptPauses > 0, .notExhausted)
            try require(server.statistics.acceptPauses < 50, .acceptsWithoutPause)
            try require(server.statistics.refusedConnections > 0, .nobodyRefused)
            withExtendedLifetime(clients) {}
            try setDescriptorLimit(usual)
            try await Task.sleep(for: .milliseconds(250))
            let status = try await server.client { client in
                client.get("/")
                return try client.response().status
            }
            try require(status == 200, .notRecovered)
        }

        private static func descriptorLimit() throws -> rlimit {
            var limit = rlimit()
            try require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, .systemCallFailed)
            return limit
        }

        private static func setDescriptorLimit(_ limit: rlimit) throws {
            try withUnsafePointer(to: limit) {
                try require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0) == 0, .systemCallFailed)
            }
        }

        /// What was found, as the process's exit status.
        private enum Failure: Int32, Error {
            case systemCallFailed = 10
            case wrongStatuses = 11
            case spins = 12
            case notExhausted = 13
            case acceptsWithoutPause = 14
            case nobodyRefused = 15
            case notRecovered = 16
        }

        private static func require(_ condition: Bool, _ failure: Failure) throws {
            if !condition { throw failure }
        }

        /// Processor seconds of this process so far.
        private static func processTime() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    }
}
