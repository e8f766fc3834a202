import HTTPProtocol
import Testing

@testable import HTTPServer

@Suite struct ConnectionCapacityTests {
    @Test("few descriptors are divided between connections that are served and connections that get a refusal")
    func few() {
        let capacity = ConnectionCapacity(descriptors: 24, loops: 2, maxConnections: 4096)
        #expect(capacity == ConnectionCapacity(connections: 18, refusedPerLoop: 3))
        #expect(ConnectionCapacity(descriptors: 2, loops: 1, maxConnections: 4096)?.connections == 1)
        #expect(ConnectionCapacity(descriptors: 1, loops: 1, maxConnections: 4096) == nil)
    }

    @Test("many descriptors hold only a few refused connections, and serve no more connections than configured")
    func many() {
        let capacity = ConnectionCapacity(descriptors: 1_000, loops: 1, maxConnections: 4096)
        #expect(capacity == ConnectionCapacity(connections: 1_000 - ConnectionCapacity.maxRefused, refusedPerLoop: 64))
        #expect(ConnectionCapacity(descriptors: 60, loops: 1, maxConnections: 8)?.connections == 8)
    }
}
