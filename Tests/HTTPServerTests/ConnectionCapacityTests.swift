import HTTPProtocol
import Testing

@testable import HTTPServer

@Suite struct ConnectionCapacityTests {
    @Test("few descriptors are divided between connections with a place and connections without")
    func few() {
        let capacity = ConnectionCapacity(descriptors: 24, loops: 2, maxConnections: 4096)
        #expect(capacity == ConnectionCapacity(connections: 18, reservedPerLoop: 3))
        #expect(ConnectionCapacity(descriptors: 2, loops: 1, maxConnections: 4096)?.connections == 1)
        #expect(ConnectionCapacity(descriptors: 1, loops: 1, maxConnections: 4096) == nil)
    }

    @Test("many descriptors hold only a few connections without a place, and serve no more than configured")
    func many() {
        let capacity = ConnectionCapacity(descriptors: 1_000, loops: 1, maxConnections: 4096)
        #expect(
            capacity == ConnectionCapacity(connections: 1_000 - ConnectionCapacity.maxReserved, reservedPerLoop: 64)
        )
        #expect(ConnectionCapacity(descriptors: 60, loops: 1, maxConnections: 8)?.connections == 8)
    }

    @Test("what a server chooses follows from memory, within bounds")
    func chosen() {
        let megabyte = 1 << 20
        #expect(
            [0, 1, 64 * megabyte, 128 * megabyte, 1 << 40].map { ConnectionCapacity.connections(memory: $0) }
                == [16_384, 256, 4_096, 8_192, 16_384]
        )
    }
}
