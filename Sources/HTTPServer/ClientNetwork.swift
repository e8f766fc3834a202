/// The network of a client, for limits on what one client may have: an IPv4 address, or the first half of an IPv6
/// address. An IPv6 client owns a /64 at least, and can use all addresses of it.
struct ClientNetwork: Hashable, Sendable {
    private let isIPv6: Bool
    private let bits: UInt64

    /// - Parameter address: A numeric address as ``Socket/peerAddress`` gives it.
    /// - Returns: nil for a client that no limit is for. Behind a unix socket or a loopback address there is a proxy,
    ///   a sidecar or a program of this machine's own, and all of its clients look alike.
    init?(_ address: String?) {
        guard let address else { return nil }
        if let bits = Self.ipv4(address) {
            guard bits >> 24 != Self.loopbackNetwork else { return nil }
            self.init(isIPv6: false, bits: bits)
        } else if let groups = Self.ipv6(address) {
            guard groups != [0, 0, 0, 0, 0, 0, 0, 1] else { return nil }
            // All link-local addresses have the same first half, and their second half tells the neighbours apart.
            let isLinkLocal = groups[0] & 0xFFC0 == 0xFE80
            let half = isLinkLocal ? groups[4...] : groups[..<4]
            self.init(isIPv6: true, bits: half.reduce(0) { $0 << 16 | $1 })
        } else {
            return nil
        }
    }

    private init(isIPv6: Bool, bits: UInt64) {
        self.isIPv6 = isIPv6
        self.bits = bits
    }

    /// 127.0.0.0/8.
    private static let loopbackNetwork: UInt64 = 127

    private static func ipv4(_ text: String) -> UInt64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt64 = 0
        for part in parts {
            guard let byte = UInt8(String(decoding: part, as: UTF8.self)) else { return nil }
            bits = bits << 8 | UInt64(byte)
        }
        return bits
    }

    /// The eight groups of an address in the form of RFC 5952, without the dotted form, which stands for IPv4.
    private static func ipv6(_ text: String) -> [UInt64]? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt64] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            guard !part.isEmpty else {
                // "::" leaves an empty part, and one more at an end of the text.
                if index > 0, index < parts.count - 1 { gap = groups.count }
                continue
            }
            guard let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16) else { return nil }
            groups.append(UInt64(group))
        }
        guard let gap else { return groups.count == 8 ? groups : nil }
        guard groups.count < 8 else { return nil }
        return groups[..<gap] + [UInt64](repeating: 0, count: 8 - groups.count) + groups[gap...]
    }
}
