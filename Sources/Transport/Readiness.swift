import CLinux

/// What a descriptor is ready for, or what is asked of it; epoll's own bits.
package struct Readiness: OptionSet, Sendable {
    /// epoll's bits.
    package let rawValue: UInt32

    /// Bits as epoll gives them.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Bytes, a connection or the end of input wait.
    package static let readable = Readiness(rawValue: clinux_readable)
    /// There is room to write.
    package static let writable = Readiness(rawValue: clinux_writable)
    /// The peer has finished sending; bytes may still wait.
    package static let peerFinished = Readiness(rawValue: clinux_peer_finished)
    /// The connection is lost. Always reported, asked for or not.
    package static let failed = Readiness(rawValue: clinux_failed)
    /// Both directions are closed. Always reported, asked for or not.
    package static let hungUp = Readiness(rawValue: clinux_hung_up)
    /// Asks for reports of changes only: whoever is told must read or write until nothing is left.
    package static let edgeTriggered = Readiness(rawValue: clinux_edge_triggered)
    /// Asks that one loop of those that watch the descriptor is woken, not all.
    package static let exclusive = Readiness(rawValue: clinux_exclusive)

    /// What a connection asks for, once for its whole life.
    package static let connection: Readiness = [.readable, .writable, .peerFinished, .edgeTriggered]
    /// What a listener asks for: reports as long as connections wait.
    package static let listener: Readiness = [.readable, .exclusive]
}
