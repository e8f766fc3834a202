import CLinux

/// A file descriptor with one owner, closed with it.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls made while the owner lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // What close reports came too late to act on: the descriptor is free either way.
        _ = clinux_close(number)
    }
}
