/// Threads that can run one forward pass together, numbered `0..<count`; member 0 is the caller.
package protocol Team {
    /// The number of members, at least 1.
    var count: Int { get }

    /// Runs `body` once on each member, all at the same time, and returns when the last has returned.
    func run(_ body: @Sendable (Int) -> Void)
}

/// The caller alone.
package struct SoloTeam: Team {
    /// One.
    package let count = 1

    /// A team of the caller.
    package init() {}

    /// Runs `body` at once.
    package func run(_ body: @Sendable (Int) -> Void) { body(0) }
}
