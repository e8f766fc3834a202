import Encoder
import Foundation
import Synchronization

/// A team of new threads for each run, as many as a test asks for, whatever the machine has.
final class ThreadsTeam: Team, Sendable {
    let count: Int
    private let job = Mutex<(@Sendable (Int) -> Void)?>(nil)

    init(count: Int) { self.count = count }

    func run(_ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            job.withLock { $0 = body }
            let done = DispatchSemaphore(value: 0)
            for member in 1..<count {
                let thread = Thread { [self] in
                    perform(member)
                    done.signal()
                }
                thread.stackSize = 1 << 20
                thread.start()
            }
            body(0)
            for _ in 1..<count { done.wait() }
            job.withLock { $0 = nil }
        }
    }

    /// A function of its own, so that no reference to the body is left when the member says that it is done.
    @inline(never)
    private func perform(_ member: Int) {
        job.withLock { $0 }?(member)
    }
}
