import CLinux

/// A file descriptor with one owner. It is closed when its owner goes away.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls made while the owner lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // Nothing can be done about an error of close: the descriptor is free in any case.
        _ = clinux_close(number)
    }
}

/// A spare descriptor. When the process has no descriptor left, it closes this one, so that it can accept one more
/// connection and refuse it.
///
/// Owner: the loop's thread.
package struct ReserveDescriptor: ~Copyable {
    private var held: Descriptor?

    /// Opens the spare descriptor, if the process has one left.
    package init() {
        refill()
    }

    /// Whether the spare descriptor is open.
    package var isHeld: Bool { held != nil }

    /// Closes the spare descriptor, so that the next call that needs a descriptor gets it.
    package mutating func release() {
        held = nil
    }

    /// Opens the spare descriptor again, if the system permits.
    package mutating func refill() {
        guard held == nil else { return }
        let number = clinux_open_reserve()
        if number >= 0 { held = Descriptor(owning: number) }
    }
}

/// The limit of open descriptors of the process.
package enum DescriptorLimit {
    /// Raises the soft limit to `wanted` if it is lower, but not above the hard limit.
    ///
    /// - Returns: The soft limit now in force.
    package static func raise(toAtLeast wanted: Int) throws(TransportError) -> Int {
        let limit = clinux_raise_descriptor_limit(wanted)
        guard limit >= 0 else { throw .system(operation: "setrlimit", address: nil, code: Int32(-limit)) }
        return limit
    }
}
