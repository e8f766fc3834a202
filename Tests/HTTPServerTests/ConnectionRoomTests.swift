import Testing

@testable import HTTPServer

@Suite struct ConnectionRoomTests {
    @Test("few descriptors are divided between those who are served and those who are told why not")
    func few() {
        let room = ConnectionRoom(descriptors: 24, loops: 2, maxConnections: 4096)
        #expect(room == ConnectionRoom(connections: 18, refusedPerLoop: 3))
        #expect(ConnectionRoom(descriptors: 2, loops: 1, maxConnections: 4096)?.connections == 1)
        #expect(ConnectionRoom(descriptors: 1, loops: 1, maxConnections: 4096) == nil)
    }

    @Test("many descriptors hold no more refused connections than it takes, and serve no more than configured")
    func many() {
        let room = ConnectionRoom(descriptors: 1_000, loops: 1, maxConnections: 4096)
        #expect(room == ConnectionRoom(connections: 1_000 - ConnectionRoom.maxRefused, refusedPerLoop: 64))
        #expect(ConnectionRoom(descriptors: 60, loops: 1, maxConnections: 8)?.connections == 8)
    }
}
