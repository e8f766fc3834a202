import Foundation

@testable import Transport

/// A client's non-blocking connection, made without the code under test.
final class TestConnection {
    let socket: Socket

    private init(_ socket: consuming Socket) {
        self.socket = socket
    }

    /// Connects to a port on a numeric IPv4 or IPv6 address; nil if that is refused or takes longer than 200 ms.
    static func tcp(_ host: String, port: Int) -> TestConnection? {
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(UInt16(port)).bigEndian
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
            return connect(AF_INET6, &address, MemoryLayout<sockaddr_in6>.size)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
        return connect(AF_INET, &address, MemoryLayout<sockaddr_in>.size)
    }

    static func unix(_ path: String) -> TestConnection? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return connect(AF_UNIX, &address, MemoryLayout<sockaddr_un>.size)
    }

    private static func connect(_ family: Int32, _ address: UnsafeRawPointer, _ length: Int) -> TestConnection? {
        let number = Foundation.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard number >= 0 else { return nil }
        let connection = TestConnection(Socket(Descriptor(owning: number)))
        let result = Foundation.connect(
            number,
            address.assumingMemoryBound(to: sockaddr.self),
            socklen_t(length)
        )
        if result == 0 { return connection }
        guard errno == EINPROGRESS else { return nil }
        var poller = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        guard poll(&poller, 1, 200) == 1, poller.revents & Int16(POLLERR) == 0 else { return nil }
        return connection
    }
}
