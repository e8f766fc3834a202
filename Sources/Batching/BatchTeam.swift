import CLinux
import Synchronization

/// The threads that one batch may be split over: its worker's, and those of workers that had nothing to do.
package struct BatchTeam: Sendable {
    /// The number of members, at least 1.
    package let count: Int
    private let crew: Crew?

    /// The caller alone.
    package static let solo = BatchTeam(crew: nil)

    init(crew: Crew?) {
        self.count = 1 + (crew?.memberCount ?? 0)
        self.crew = crew
    }

    /// Runs `body` once for each member at the same time, with numbers from 0, which is the caller's, and returns when
    /// all are done. May be called again and again, by the batch's worker only.
    package func run(_ body: @Sendable (Int) -> Void) {
        guard let crew else { return body(0) }
        withoutActuallyEscaping(body) { crew.run($0) }
    }
}

/// The borrowed workers of one batch, and what they are to do. The lock guards what a round is; rounds and the number
/// of members still at work are atomics.
///
/// Members are to run on CPUs of their own: those of an engine wait for each other many times in a round, and two that
/// take turns on one CPU need longer than one alone. The kernel, which wakes a thread near who wakes it, may put them
/// together and leave them so while another CPU is free or has less important work.
final class Crew: Sendable {
    typealias Body = @Sendable (Int) -> Void

    private struct Round {
        var body: Body?
        /// Where the leader and those members run that have begun.
        var cpus: [Int32] = []
    }

    /// How long members keep their CPU for the next round, and their leader for the last of them. An engine's rounds
    /// follow each other within microseconds; a member whose CPU was taken away is waited for asleep.
    static let spinTime = Duration.microseconds(50)
    private static let dismissed = -1

    private let leader: Seat
    private let members: [Seat]
    private let current = Mutex(Round())
    private let round = Atomic<Int>(0)
    private let atWork = Atomic<Int>(0)

    /// - Parameter members: the seats of the borrowed workers, which are members 1, 2… of the team.
    init(leader: Seat, members: [Seat]) {
        self.leader = leader
        self.members = members
    }

    var memberCount: Int { members.count }

    /// The leader's side of a round.
    func run(_ body: @escaping Body) {
        current.withLock { current in
            current.body = body
            current.cpus = [clinux_current_cpu()]
        }
        atWork.store(members.count, ordering: .relaxed)
        round.add(1, ordering: .releasing)
        for member in members { member.call() }
        body(0)
        while atWork.load(ordering: .acquiring) > 0 { leader.wait(spinning: Self.spinTime) }
        current.withLock { $0.body = nil }
    }

    /// Lets the members go. No round is begun after it.
    func dismiss() {
        round.store(Self.dismissed, ordering: .releasing)
        for member in members { member.call() }
    }

    /// A member's side: takes part in every round until the crew is dismissed. On the member's thread.
    func serve(as member: Int) {
        var seen = 0
        while true {
            let round = round.load(ordering: .acquiring)
            if round == Self.dismissed { return }
            if round == seen {
                members[member - 1].wait(spinning: Self.spinTime)
                continue
            }
            seen = round
            perform(member)
            let left = atWork.subtract(1, ordering: .acquiringAndReleasing).newValue
            if left == 0 { leader.call() }
        }
    }

    /// A function of its own, so that no reference to the body is left when the leader goes on: the body has been
    /// promised not to escape.
    @inline(never)
    private func perform(_ member: Int) {
        takeOwnCPU()
        let body = current.withLock { $0.body }
        body?(member)
    }

    /// Leaves the CPU of the leader or of another member for one that the crew does not use, if there is one.
    private func takeOwnCPU() {
        current.withLock { current in
            let cpu = clinux_current_cpu()
            guard current.cpus.contains(cpu) else { return current.cpus.append(cpu) }
            // Where it fails the crew is larger than the CPUs there are, and takes turns.
            _ = unsafe clinux_leave_cpus(current.cpus, Int32(current.cpus.count))
            current.cpus.append(clinux_current_cpu())
        }
    }
}
