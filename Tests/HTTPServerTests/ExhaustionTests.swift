import Foundation
import HTTPProtocol
import HTTPServer
import Testing

extension HTTPServerSuite {
    /// The limit of descriptors holds for the whole process, so each test has a process of its own.
    @Suite struct ExhaustionTests {
        /// The descriptors that a server with one event loop keeps back: `otherDescriptors`.
        private static let reserved = 32

        @Test("with more clients than descriptors the others get 503, and the process always has a descriptor left")
        func moreClientsThanDescriptors() async {
            await #expect(processExitsWith: .success) {
                do {
                    try ExhaustionTests.limitDescriptors(toFree: ExhaustionTests.reserved + 10)
                    let server = try TestServer { $0.fullIdleTimeout = .seconds(60) }
                    try await ExhaustionTests.overwhelm(server, clients: 16)
                    await server.stop()
                } catch let failure as Failure {
                    // Output is lost here; the exit status says which promise was broken.
                    exit(failure.rawValue)
                }
            }
        }

        @Test("a process that may open hardly any descriptor gets an error at the start")
        func tooFew() async {
            await #expect(processExitsWith: .success) {
                try ExhaustionTests.limitDescriptors(toFree: ExhaustionTests.reserved / 2)
                do {
                    _ = try TestServer()
                    exit(Failure.started.rawValue)
                } catch HTTPServerError.tooFewDescriptors(let limit, let needed) {
                    try ExhaustionTests.require(limit < needed, .wrongNumbers)
                }
            }
        }

        private static func overwhelm(_ server: TestServer, clients count: Int) async throws {
            let port = server.port
            let clients = (0..<count).map { _ in RawClient() }
            let statuses = try await onThread {
                try clients.map { client in
                    try client.connect(port: port)
                    client.get("/")
                    return (try? client.response().status) ?? 0
                }
            }
            let served = statuses.filter { $0 == 200 }.count
            try require((1...8).contains(served), .wrongStatuses)
            try require(statuses.filter { $0 == 503 }.count == count - served, .wrongStatuses)
            try require(server.statistics.refusedConnections == count - served, .wrongStatuses)
            let used = processTime()
            // Longer than a second: Dispatch reads /proc once a second, and traps if it cannot.
            try await Task.sleep(for: .milliseconds(1_200))
            try require(processTime() - used < 0.3, .spins)
            try require(server.statistics.acceptPauses == 0, .exhausted)
            for client in clients { client.finishSending() }
            try require(await server.reaches { $0.openConnections == 0 }, .notRecovered)
            let status = try await server.client { client in
                client.get("/")
                return try client.response().status
            }
            try require(status == 200, .notRecovered)
        }

        /// Lowers the process's limit for good, so that it can open only this many more descriptors.
        private static func limitDescriptors(toFree count: Int) throws {
            let free = (0..<count).map { _ in dup(0) }
            for descriptor in free { close(descriptor) }
            let lowest = rlim_t((free.max() ?? 0) + 1)
            let limit = rlimit(rlim_cur: lowest, rlim_max: lowest)
            try withUnsafePointer(to: limit) {
                try require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0) == 0, .systemCallFailed)
            }
        }

        /// The result of a test, as the process's exit status.
        private enum Failure: Int32, Error {
            case systemCallFailed = 10
            case wrongStatuses = 11
            case spins = 12
            case exhausted = 13
            case notRecovered = 14
            case started = 15
            case wrongNumbers = 16
        }

        private static func require(_ condition: Bool, _ failure: Failure) throws {
            if !condition { throw failure }
        }

        /// The processor time that this process has used, in seconds.
        private static func processTime() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
    }
}
