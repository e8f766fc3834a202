import CLinux
import Foundation

extension Listener {
    /// The most addresses of one host name that are listened on.
    private static let maxAddressesPerHost = 16

    /// Listens on every address of a host.
    ///
    /// - Parameters:
    ///   - host: A numeric address or a name. "::" takes IPv4 as well.
    ///   - port: 0 for any that is free; the addresses of one host then share it.
    ///   - backlog: Connections that may wait to be accepted.
    package static func tcp(host: String, port: Int, backlog: Int32) throws(TransportError) -> [Listener] {
        guard let number = UInt16(exactly: port) else { throw .portOutOfRange(port) }
        var listeners: [Listener] = []
        var failure: TransportError?
        for address in try resolve(host) {
            let port = listeners.first?.port.flatMap { UInt16(exactly: $0) } ?? number
            do throws(TransportError) {
                listeners.append(try tcp(address, port: port, backlog: backlog))
            } catch {
                // A name may have an address of a family that this machine has switched off.
                guard error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT else { throw error }
                failure = error
            }
        }
        if listeners.isEmpty, let failure { throw failure }
        return listeners
    }

    /// Listens at a path. What is there already is removed if it is a socket that nobody listens at.
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
        _ = try checked(clinux_listen(number, backlog), "listen", wanted)
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
        // EAGAIN: somebody listens, and is busy.
        guard result < 0, result != -EAGAIN else { throw .pathInUse(path: path) }
        guard result == -ECONNREFUSED else { throw .system(operation: "connect", address: path, code: -result) }
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw .system(operation: "unlink", address: path, code: errno)
        }
    }
}
