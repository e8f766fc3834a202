import CLinux

/// A descriptor held back, so that a process that has no other can still accept a connection and refuse it.
///
/// Owner: the loop's thread.
package struct ReserveDescriptor: ~Copyable {
    private var held: Descriptor?

    /// Holds one back, if the process has one left.
    package init() {
        refill()
    }

    /// Whether one is held.
    package var isHeld: Bool { held != nil }

    /// Frees the descriptor for the next call that needs one.
    package mutating func release() {
        held = nil
    }

    /// Takes one again, if the system lets.
    package mutating func refill() {
        guard held == nil else { return }
        let number = clinux_open_reserve()
        if number >= 0 { held = Descriptor(owning: number) }
    }
}
