import Testing

@testable import Transport

@Suite struct DescriptorTests {
    @Test("a spare descriptor is held, released, and held again")
    func cycle() {
        var reserve = ReserveDescriptor()
        var states = [reserve.isHeld]
        reserve.release()
        states.append(reserve.isHeld)
        reserve.refill()
        states.append(reserve.isHeld)
        #expect(states == [true, false, true])
    }

    @Test("the limit of descriptors is never lowered")
    func limit() throws {
        let now = try DescriptorLimit.raise(toAtLeast: 1)
        #expect(now > 1)
        #expect(try DescriptorLimit.raise(toAtLeast: now) == now)
    }
}
