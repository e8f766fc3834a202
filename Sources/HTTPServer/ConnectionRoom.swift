/// How many connections there are descriptors for.
struct ConnectionRoom: Equatable {
    /// Refused connections that one loop holds open for a moment, so that their 503 arrives (see `Connection.linger`),
    /// where descriptors are no matter. Those over it are closed at once.
    static let maxRefused = 64
    /// Where they are scarce, one in so many is for those that are refused.
    private static let scarceShare = 4

    /// Served, over all loops.
    var connections: Int
    /// Refused and still open, of each loop.
    var refusedPerLoop: Int

    init(connections: Int, refusedPerLoop: Int) {
        self.connections = connections
        self.refusedPerLoop = refusedPerLoop
    }

    /// Divides what there is; nil where it is too little to serve one and refuse one.
    ///
    /// - Parameter maxConnections: Served however many descriptors there are.
    init?(descriptors: Int, loops: Int, maxConnections: Int) {
        guard descriptors > loops else { return nil }
        refusedPerLoop = min(Self.maxRefused, max(1, descriptors / Self.scarceShare / loops))
        connections = min(maxConnections, descriptors - loops * refusedPerLoop)
    }
}
