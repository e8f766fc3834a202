import Testing

@testable import Inference

@Suite("An allowance")
struct AllowanceTests {
    @Test("gives what is left, and nothing beyond it")
    func limit() {
        let allowance = Allowance(limit: 10)
        let first = allowance.take(7)
        #expect(first != nil && allowance.take(4) == nil && allowance.take(.max) == nil)
        let second = allowance.take(3)
        #expect(second != nil && allowance.inUse == 10 && allowance.take(1) == nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test("gets back what was held when the holding is released")
    func release() {
        let allowance = Allowance(limit: 10)
        var holding = allowance.take(10)
        #expect(holding != nil && allowance.inUse == 10)
        holding = nil
        #expect(allowance.inUse == 0)
    }

    @Test("is never overdrawn by many threads, and whole again in the end")
    func threads() async {
        let allowance = Allowance(limit: 50)
        await withTaskGroup(of: Void.self) { group in
            for amount in 1...400 {
                group.addTask {
                    let holding = allowance.take(amount % 23)
                    #expect(allowance.inUse <= 50)
                    withExtendedLifetime(holding) {}
                }
            }
        }
        #expect(allowance.inUse == 0)
    }
}
