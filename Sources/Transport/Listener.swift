import CLinux
import Foundation

/// A listening socket. Several loops may watch one listener and accept from it; it is closed when the last reference
/// is gone.
package final class Listener: Sendable {
    /// The result of one accept.
    package enum Accepted: ~Copyable {
        case connection(Socket)
        /// No connection waits, or the client of the waiting one has disconnected.
        case nothingYet
        /// The process or the system has no descriptor (or memory) left; the errno.
        case exhausted(Int32)
        /// The listener is broken; the errno.
        case failed(Int32)
    }

    /// The most bytes of an answer that the kernel holds for a TCP client before it sends them. The kernel's own limit
    /// is several megabytes for each connection, and our limits do not count those bytes. A larger value than this one
    /// makes no transfer faster.
    static let maxUnsentBytes: Int32 = 128 * 1024

    /// The address it listens on, for messages: "127.0.0.1:8080", "[::]:8080" or a path.
    package let address: String
    /// The numeric address without the port; nil for a unix socket.
    package let host: String?
    /// The port; if port 0 was asked for, the port that the system chose. Nil for a unix socket.
    package let port: Int?

    private let descriptor: Descriptor
    private let path: String?

    init(_ descriptor: consuming Descriptor, address: String, host: String?, port: Int?, path: String?) {
        self.address = address
        self.host = host
        self.port = port
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        removePath()
    }

    /// The descriptor's number, for a reactor to watch while this listener lives.
    package var number: Int32 { descriptor.number }

    /// Takes the next connection that waits.
    package func accept() -> Accepted {
        let result = clinux_accept(descriptor.number)
        if result >= 0 { return .connection(Socket(Descriptor(owning: result), isStamped: path == nil)) }
        switch -result {
        case EAGAIN, ECONNABORTED: return .nothingYet
        // Linux reports network errors of the new connection here. accept(2) says to treat them like EAGAIN.
        case ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
            return .nothingYet
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(-result)
        default: return .failed(-result)
        }
    }

    /// Stops new clients from connecting, while connections that already wait can still be accepted.
    ///
    /// Closing the listener at once would reset the connections that the kernel has completed and nobody has accepted
    /// yet, with the requests on them. So there are three steps: block new connections (by a packet filter that drops
    /// SYN packets, or by removing a unix socket's path), accept the waiting connections, and only then close the
    /// listener. A client that tries to connect meanwhile is refused once the listener has closed.
    package func refuseNewConnections() {
        if path == nil {
            // On a kernel without the filter a connection can still be lost between the last accept and the close.
            _ = clinux_refuse_new_connections(descriptor.number)
        } else {
            removePath()
        }
    }

    private func removePath() {
        guard let path, unsafe clinux_is_socket_file(path) == 1 else { return }
        _ = unsafe unlink(path)
    }
}

extension Listener {
    /// The most addresses of one host name to listen on.
    private static let maxAddressesPerHost = 16

    /// Listens on every address of a host.
    ///
    /// - Parameters:
    ///   - host: A numeric address or a name. "::" accepts IPv4 as well.
    ///   - port: The port, or 0 for any free port. All addresses of the host share that port.
    ///   - backlog: The most connections that may wait to be accepted.
    package static func tcp(host: String, port: Int, backlog: Int32) throws(TransportError) -> [Listener] {
        guard let number = UInt16(exactly: port) else { throw .portOutOfRange(port) }
        var listeners: [Listener] = []
        var failure: TransportError?
        for address in try resolve(host) {
            let port = listeners.first?.port.flatMap { UInt16(exactly: $0) } ?? number
            do throws(TransportError) {
                listeners.append(try tcp(address, port: port, backlog: backlog))
            } catch {
                // A name may have an address of a family that is switched off on this machine.
                guard error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT else { throw error }
                failure = error
            }
        }
        if listeners.isEmpty, let failure { throw failure }
        return listeners
    }

    /// Listens at a path. A socket file that is there already is removed if nobody listens at it.
    package static func unix(path: String, backlog: Int32) throws(TransportError) -> Listener {
        let limit = clinux_unix_path_capacity()
        guard path.utf8.count <= limit else { throw .pathTooLong(path: path, limit: limit) }
        try removeStaleSocket(at: path)
        let descriptor = Descriptor(owning: try checked(clinux_stream_socket(CLINUX_UNIX, false), "socket", path))
        _ = try checked(unsafe clinux_bind(descriptor.number, CLINUX_UNIX, path, 0, 0), "bind", path)
        _ = try checked(clinux_listen(descriptor.number, backlog), "listen", path)
        return Listener(descriptor, address: path, host: nil, port: nil, path: path)
    }

    /// One numeric address.
    private struct Address {
        let family: clinux_family
        let text: String
        let scope: UInt32

        func described(port: UInt16) -> String {
            family == CLINUX_IPV6 ? "[\(text)]:\(port)" : "\(text):\(port)"
        }
    }

    private static func tcp(_ address: Address, port: UInt16, backlog: Int32) throws(TransportError) -> Listener {
        let wanted = address.described(port: port)
        let isDualStack = address.family == CLINUX_IPV6 && address.text == "::"
        let number = try checked(clinux_stream_socket(address.family, isDualStack), "socket", wanted)
        let descriptor = Descriptor(owning: number)
        _ = try checked(unsafe clinux_bind(number, address.family, address.text, port, address.scope), "bind", wanted)
        _ = try checked(clinux_prepare_listener(number, maxUnsentBytes), "setsockopt", wanted)
        _ = try checked(clinux_listen(number, backlog), "listen", wanted)
        // Without stamps, the times of arrival are estimated.
        _ = clinux_stamp_arrivals(number)
        let bound = UInt16(truncatingIfNeeded: try checked(clinux_local_port(number), "getsockname", wanted))
        let text = address.described(port: bound)
        return Listener(descriptor, address: text, host: address.text, port: Int(bound), path: nil)
    }

    private static func resolve(_ host: String) throws(TransportError) -> [Address] {
        var results = [clinux_resolved](repeating: clinux_resolved(), count: maxAddressesPerHost)
        var span = results.mutableSpan
        let count = unsafe span.withUnsafeMutableBufferPointer {
            unsafe clinux_resolve(host, $0.baseAddress, Int32($0.count))
        }
        guard count > 0 else {
            let reason =
                count == 0 ? "no IPv4 or IPv6 address" : unsafe String(cString: clinux_resolution_message(count))
            throw .unresolvable(host: host, reason: reason)
        }
        return results.prefix(Int(count)).map { result in
            let text = unsafe withUnsafePointer(to: result) { unsafe String(cString: clinux_resolved_address($0)) }
            return Address(family: result.family, text: text, scope: result.scope)
        }
    }

    private static func removeStaleSocket(at path: String) throws(TransportError) {
        let kind = unsafe clinux_is_socket_file(path)
        if kind == -ENOENT { return }
        guard try checked(kind, "stat", path) == 1 else { throw .notASocket(path: path) }
        let probe = Descriptor(owning: try checked(clinux_stream_socket(CLINUX_UNIX, false), "socket", path))
        let result = unsafe clinux_connect(probe.number, CLINUX_UNIX, path, 0, 0)
        // EAGAIN: another process listens there and is busy.
        guard result < 0, result != -EAGAIN else { throw .pathInUse(path: path) }
        guard result == -ECONNREFUSED else { throw .system(operation: "connect", address: path, code: -result) }
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw .system(operation: "unlink", address: path, code: errno)
        }
    }
}
