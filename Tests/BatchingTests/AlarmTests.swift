import Foundation
import Synchronization
import Testing

@testable import Batching

@Suite("An alarm", .timeLimit(.minutes(10)))
struct AlarmTests {
    @Test("rings at the soonest time it was set to, again at what it is told then, and no more once stopped")
    func ringing() async throws {
        let start = ContinuousClock.now
        let rings = Mutex<[Duration]>([])
        let alarm = Alarm(name: "test") {
            rings.withLock { rings in
                rings.append(start.duration(to: .now))
                return rings.count == 1 ? ContinuousClock.now + .milliseconds(30) : nil
            }
        }
        alarm.set(start + .seconds(3600))
        alarm.set(start + .milliseconds(20))
        alarm.set(start + .seconds(60))
        alarm.set(nil)
        while rings.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let times = rings.withLock { $0 }
        #expect(times[0] >= .milliseconds(20) && times[1] >= times[0] + .milliseconds(30))
        alarm.stop()
        alarm.set(.now + .milliseconds(1))
        try await Task.sleep(for: .milliseconds(30))
        #expect(rings.withLock { $0.count } == 2)
    }
}
