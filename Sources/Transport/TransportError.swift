import CLinux
import Foundation

/// An error of sockets and event loops. Each error names the operation and its object.
package enum TransportError: Error, Equatable, CustomStringConvertible {
    /// A system call failed: the call, the address it was made for (nil if there is none), and the errno.
    case system(operation: String, address: String?, code: Int32)
    /// A host name has no address.
    case unresolvable(host: String, reason: String)
    /// A port outside 0…65535.
    case portOutOfRange(Int)
    /// A unix socket's path is longer than the system permits.
    case pathTooLong(path: String, limit: Int)
    /// Something other than a socket is at a unix socket's path.
    case notASocket(path: String)
    /// Another process listens at a unix socket's path.
    case pathInUse(path: String)

    package var description: String {
        switch self {
        case .system(let operation, let address, let code):
            let subject = address.map { "\(operation) \($0)" } ?? operation
            return "\(subject): \(Self.message(of: code))\(Self.advice(for: code, operation: operation))"
        case .unresolvable(let host, let reason):
            return "host \"\(host)\" has no address: \(reason); give a numeric address or a name that resolves"
        case .portOutOfRange(let port):
            return "port \(port) is not in 0...65535"
        case .pathTooLong(let path, let limit):
            return "unix socket path \"\(path)\" has \(path.utf8.count) bytes, the system permits at most \(limit); "
                + "choose a shorter path"
        case .notASocket(let path):
            return "\(path) exists and is not a socket; choose another path"
        case .pathInUse(let path):
            return "another process listens at \(path); stop it or choose another path"
        }
    }

    /// The errno of a failed system call.
    package var code: Int32? {
        guard case .system(_, _, let code) = self else { return nil }
        return code
    }

    /// The system's message for an errno.
    package static func message(of code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }

    private static func advice(for code: Int32, operation: String) -> String {
        switch (operation, code) {
        case ("bind", EADDRINUSE): "; choose another port with --port, or stop what listens there"
        case ("bind", EACCES): "; ports below 1024 need a privilege, choose a higher one with --port"
        case ("bind", EADDRNOTAVAIL): "; this machine has no such address"
        case (_, EMFILE): "; raise the limit of open files (ulimit -n, LimitNOFILE)"
        default: ""
        }
    }
}

/// Turns a C function's negative errno into an error, and returns any other result.
func checked(
    _ result: Int32,
    _ operation: String,
    _ address: @autoclosure () -> String? = nil
) throws(TransportError) -> Int32 {
    guard result < 0 else { return result }
    throw .system(operation: operation, address: address(), code: -result)
}
