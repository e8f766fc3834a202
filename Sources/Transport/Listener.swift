import CLinux
import Foundation

/// A listening socket. Several loops may watch and accept from one; the last to let it go closes it.
package final class Listener: Sendable {
    /// What one accept brought.
    package enum Accepted: ~Copyable {
        case connection(Socket)
        /// No connection waits, or the one that did has gone.
        case nothingYet
        /// The process or the system has no descriptor (or memory) to spare: the errno.
        case exhausted(Int32)
        /// The listener is broken: the errno.
        case failed(Int32)
    }

    /// Bytes of an answer that the kernel holds for a client before it sends them, over TCP. Its own limit is some
    /// megabytes a connection, which no limit of ours would see; more than this makes no transfer faster.
    static let maxUnsentBytes: Int32 = 128 * 1024

    /// Where it listens, for messages: "127.0.0.1:8080", "[::]:8080" or a path.
    package let address: String
    /// The numeric address without the port; nil for a unix socket.
    package let host: String?
    /// The port, resolved where 0 was asked for; nil for a unix socket.
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
        let result = clinux_accept(descriptor.number, port != nil, Self.maxUnsentBytes)
        if result >= 0 { return .connection(Socket(Descriptor(owning: result))) }
        switch -result {
        case EAGAIN, ECONNABORTED: return .nothingYet
        // Errors of the new connection's network that Linux passes on: accept(2) says to treat them as nothing.
        case ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
            return .nothingYet
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(-result)
        default: return .failed(-result)
        }
    }

    /// Lets no further client connect, while those that wait can still be accepted.
    ///
    /// A close would reset connections that the kernel has completed and nobody has accepted, with the requests on
    /// them. So the door is shut first (a packet filter that takes no SYN; a unix socket's path removed), the rest
    /// accepted, and only then closed. A client that comes meanwhile is refused once the listener has closed.
    package func refuseNewConnections() {
        if path == nil {
            // Where the kernel lacks the filter, the gap between last accept and close stays, as everywhere else.
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
