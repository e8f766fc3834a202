import CLinux
import Foundation
import Testing

@testable import Transport

@Suite struct ListenerTests {
    private func temporaryPath() -> String {
        NSTemporaryDirectory() + "swiftlet-test-\(UUID().uuidString.prefix(8)).sock"
    }

    /// Whether a connection comes out of the listener.
    private func accepts(_ listener: Listener) -> Bool {
        for _ in 0..<100 {
            if case .connection = listener.accept() { return true }
            usleep(1_000)
        }
        return false
    }

    @Test("IPv4 and IPv6 listeners on port 0 get a port each, and take connections", arguments: ["127.0.0.1", "::1"])
    func numeric(host: String) throws {
        let listeners = try Listener.tcp(host: host, port: 0, backlog: 16)
        let listener = try #require(listeners.first)
        let port = try #require(listener.port)
        #expect(port > 0)
        #expect(listener.address == (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"))
        guard TestConnection.tcp(host, port: port) != nil else {
            Issue.record("cannot connect to \(listener.address)")
            return
        }
        #expect(accepts(listener))
        if case .nothingYet = listener.accept() {} else { Issue.record("there was one connection only") }
    }

    @Test("the unspecified IPv6 address takes IPv4 as well")
    func dualStack() throws {
        let listener = try #require(try Listener.tcp(host: "::", port: 0, backlog: 16).first)
        let port = try #require(listener.port)
        for host in ["127.0.0.1", "::1"] {
            let client = TestConnection.tcp(host, port: port)
            #expect(client != nil)
            #expect(accepts(listener))
        }
    }

    @Test("the time of arrival of bytes on TCP is known when they are read later, even from before the accept")
    func arrivalStamps() throws {
        let listener = try #require(try Listener.tcp(host: "127.0.0.1", port: 0, backlog: 16).first)
        // The kernel begins to note the times a moment after it was asked to.
        usleep(50_000)
        let port = try #require(listener.port)
        let client = try #require(TestConnection.tcp("127.0.0.1", port: port))
        #expect(client.socket.sendText("abc") == .bytes(3))
        usleep(100_000)
        guard case .connection(let socket) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        var room = [UInt8](repeating: 0, count: 8)
        var span = room.mutableSpan
        var stamp = ArrivalStamp()
        #expect(socket.receive(into: &span, atMost: .max, stamp: &stamp) == .bytes(3))
        let age = clinux_wall_clock() - stamp.nanoseconds
        #expect(age > 90_000_000 && age < 10_000_000_000, "\(age)")
    }

    @Test("the kernel takes no more of an answer than its limit while the client does not read")
    func unsentBytes() throws {
        let listener = try #require(try Listener.tcp(host: "127.0.0.1", port: 0, backlog: 16).first)
        let client = TestConnection.tcp("127.0.0.1", port: try #require(listener.port))
        #expect(client != nil)
        guard case .connection(let socket) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        var limit: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        #expect(getsockopt(socket.number, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &limit, &size) == 0)
        #expect(limit == Listener.maxUnsentBytes)
    }

    @Test("a host name listens on each of its addresses, all at one port")
    func hostName() throws {
        let listeners = try Listener.tcp(host: "localhost", port: 0, backlog: 16)
        #expect(!listeners.isEmpty)
        #expect(Set(listeners.compactMap(\.port)).count == 1)
    }

    @Test("an address in use is named, with what to do")
    func addressInUse() throws {
        let first = try #require(try Listener.tcp(host: "127.0.0.1", port: 0, backlog: 16).first)
        let port = try #require(first.port)
        let error = #expect(throws: TransportError.self) {
            try Listener.tcp(host: "127.0.0.1", port: port, backlog: 16)
        }
        let description = "bind 127.0.0.1:\(port): Address already in use; "
        #expect(error?.description.hasPrefix(description + "choose another port with --port") == true)
        #expect(error?.code == EADDRINUSE)
    }

    @Test("an impossible port and a host without address are refused, and the error names them")
    func badAddresses() {
        #expect(throws: TransportError.portOutOfRange(65_536)) {
            try Listener.tcp(host: "127.0.0.1", port: 65_536, backlog: 1)
        }
        #expect(throws: TransportError.portOutOfRange(-1)) {
            try Listener.tcp(host: "127.0.0.1", port: -1, backlog: 1)
        }
        let error = #expect(throws: TransportError.self) {
            try Listener.tcp(host: "no such host", port: 0, backlog: 1)
        }
        #expect(error?.description.contains("\"no such host\" has no address") == true)
    }

    @Test("a unix socket takes connections, and its path goes with it")
    func unixSocket() throws {
        let path = temporaryPath()
        do {
            let listener = try Listener.unix(path: path, backlog: 16)
            #expect(TestConnection.unix(path) != nil)
            #expect(accepts(listener))
            #expect(throws: TransportError.pathInUse(path: path)) { try Listener.unix(path: path, backlog: 16) }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a socket that a dead process left is replaced; another file is not")
    func stalePath() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(number)
        #expect(FileManager.default.fileExists(atPath: path))
        do {
            let listener = try Listener.unix(path: path, backlog: 16)
            #expect(TestConnection.unix(path) != nil)
            #expect(accepts(listener))
        }
        #expect(FileManager.default.createFile(atPath: path, contents: Data("mine".utf8)))
        #expect(throws: TransportError.notASocket(path: path)) { try Listener.unix(path: path, backlog: 16) }
        #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
    }

    @Test("a unix socket's path that is too long says how long it may be")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        let error = #expect(throws: TransportError.pathTooLong(path: path, limit: 107)) {
            try Listener.unix(path: path, backlog: 1)
        }
        #expect(error?.description.contains("has 205 bytes, the system permits at most 107") == true)
    }

    @Test("once new connections are refused, those that wait are accepted, and no other client connects")
    func shutDoor() throws {
        let listener = try #require(try Listener.tcp(host: "127.0.0.1", port: 0, backlog: 16).first)
        let port = try #require(listener.port)
        let waiting = TestConnection.tcp("127.0.0.1", port: port)
        #expect(waiting != nil)
        listener.refuseNewConnections()
        #expect(TestConnection.tcp("127.0.0.1", port: port) == nil)
        guard case .connection(let accepted) = listener.accept() else {
            Issue.record("the connection that waited is lost")
            return
        }
        #expect(accepted.sendText("served") == .bytes(6))
    }
}
