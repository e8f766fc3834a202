import Testing

@testable import HTTPServer

@Suite struct ClientNetworkTests {
    @Test(
        "addresses of one IPv4 client, or of one IPv6 /64, are one network",
        arguments: [
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("2001:db8::1", "2001:db8::2", true),
            ("2001:db8::1", "2001:db8:0:0:ffff::1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true), ("::2", "::3", true), ("1::", "2::", false),
            ("0.0.0.2", "::2", false), ("fe80::1", "fe80::2", false), ("fe80::1", "fe80::1", true),
        ]
    )
    func same(one: String, other: String, isSame: Bool) throws {
        let (first, second) = (try #require(ClientNetwork(one)), try #require(ClientNetwork(other)))
        #expect((first == second) == isSame)
    }

    @Test(
        "this machine's own programs, unix sockets and what is no address have none",
        arguments: [
            "127.0.0.1", "127.8.8.8", "::1", "unix", "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1:2:3", "g::", ":",
        ]
    )
    func none(address: String) {
        #expect(ClientNetwork(address) == nil)
        #expect(ClientNetwork(nil) == nil)
    }

    @Test("a network gets its share, and what has left is free again")
    func shares() throws {
        let shares = AddressShares(most: 2)
        let (one, other) = (try #require(ClientNetwork("192.0.2.7")), try #require(ClientNetwork("192.0.2.8")))
        #expect(shares.enter(one) && shares.enter(one) && !shares.enter(one) && shares.enter(other))
        shares.leave(one)
        #expect(shares.enter(one) && !shares.enter(one))
        for _ in 0..<5 { shares.leave(one) }
        #expect(shares.enter(one) && shares.enter(one) && !shares.enter(one))
    }
}
