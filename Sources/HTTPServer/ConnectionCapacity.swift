/// The number of connections for which there are descriptors and memory.
struct ConnectionCapacity: Equatable {
    /// The most connections without a place that one loop holds (see ``ConnectionPlace``), if there are enough
    /// descriptors. A probe's connection lasts some milliseconds, so this is enough for thousands of probes a second; a
    /// flood of other clients only makes the oldest give way to the newest.
    static let maxReserved = 64
    /// If descriptors are scarce, one in this many is for connections without a place.
    private static let scarceDivisor = 4
    /// The memory that an idle connection may take: HTTP/2's, the larger one (docs/reliability.md).
    static let bytesPerConnection = 16 * 1024
    /// The most connections that a server chooses by itself. The clients of one process, or the proxies in front of it,
    /// are fewer; a number above it is better set by somebody who has thought about the kernel's buffers.
    static let mostByDefault = 16_384
    /// The fewest connections that a server chooses by itself, however little memory there is.
    static let fewestByDefault = 256

    /// The connections that have a place, over all loops.
    var connections: Int
    /// The connections without a place that may still be open, for each loop.
    var reservedPerLoop: Int

    init(connections: Int, reservedPerLoop: Int) {
        self.connections = connections
        self.reservedPerLoop = reservedPerLoop
    }

    /// Divides the descriptors; nil if they are too few to serve one connection and hold another.
    ///
    /// - Parameter maxConnections: The most connections to serve, even if there are more descriptors.
    init?(descriptors: Int, loops: Int, maxConnections: Int) {
        guard descriptors > loops else { return nil }
        reservedPerLoop = min(Self.maxReserved, max(1, descriptors / Self.scarceDivisor / loops))
        connections = min(maxConnections, descriptors - loops * reservedPerLoop)
    }

    /// The number of connections that a server chooses by itself.
    ///
    /// - Parameter memory: The bytes that idle connections may take; 0 if there is no limit.
    static func connections(memory: Int) -> Int {
        guard memory > 0 else { return mostByDefault }
        return min(mostByDefault, max(fewestByDefault, memory / bytesPerConnection))
    }
}
