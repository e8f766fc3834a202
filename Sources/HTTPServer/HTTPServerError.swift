/// Why a server did not start.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// The configuration names no address.
    case noAddress
    /// A server is started once; make another one.
    case alreadyStarted
    /// An address can't be listened on: the reason names the operation that failed and what to do.
    case cannotListen(address: ListenAddress, reason: String)
    /// An event loop can't be made.
    case cannotStartLoop(reason: String)
    /// The process may not open enough files to serve even one connection.
    case tooFewDescriptors(limit: Int, needed: Int)

    package var description: String {
        switch self {
        case .noAddress: "no address to listen on; name a host and port, or a unix socket's path"
        case .alreadyStarted: "the server was started before; a server is started once"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .cannotStartLoop(let reason): "cannot start an event loop: \(reason)"
        case .tooFewDescriptors(let limit, let needed):
            "the limit of open files is \(limit), and serving needs at least \(needed); raise it (ulimit -n)"
        }
    }
}
