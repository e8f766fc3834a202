import DequeModule
import Time
import Transport

/// The connections of a loop whose TLS handshakes have a step to do.
///
/// A handshake costs as much as dozens of requests. So its steps are not done when their bytes come, but after the work
/// of the clients that are there, in the time that ``NewcomerTime`` allows; and while requests are refused, in the time
/// that ``HandshakeAllowance`` allows.
///
/// Owner: the loop's thread.
final class HandshakeQueue: EventHandler {
    private unowned let table: ConnectionTable
    private var registration: Registration?
    private var line = HandshakeLine()
    private var allowance: HandshakeAllowance

    init(table: ConnectionTable) {
        self.table = table
        allowance = HandshakeAllowance(at: table.reactor.now)
    }

    /// Adds a connection that is not in the queue.
    func append(_ connection: Connection) {
        line.append(connection.id, hasBegun: connection.hasGreeted, at: table.reactor.now)
        goOn()
    }

    func ready(_ readiness: Readiness) {
        let now = table.reactor.now
        line.forgetNew(before: now - table.context.configuration.handshakeTimeout)
        if table.memo.isBusy(at: now) {
            doAllowedSteps()
        } else {
            table.useNewcomerTime(isAccepting: false) { doStep(at: now) }
        }
        if !line.isEmpty { goOn() }
    }

    func deadlinePassed() { ready([]) }

    private func doStep(at now: Instant) -> Bool {
        guard let id = line.next(at: now) else { return false }
        table.connection(id)?.doHandshakeStep()
        return true
    }

    private func doAllowedSteps() {
        var now = Instant.now
        allowance.earn(until: now)
        while allowance.isLeft, doStep(at: now) {
            let began = now
            now = .now
            allowance.spend(began.duration(to: now))
        }
    }

    /// Goes on in the next turn, or when there is time for it again.
    private func goOn() {
        let known = registration ?? table.reactor.register(self)
        registration = known
        let now = table.reactor.now
        if table.memo.isBusy(at: now), let next = allowance.next(after: now) {
            table.reactor.setDeadline(next, for: known)
        } else {
            table.reactor.grantTurn(to: known)
        }
    }
}

/// The order of handshakes: in turns one that has begun and a new one. So new clients do not keep those out whose
/// handshake is half done, nor do clients that send theirs byte by byte keep new ones out.
///
/// The oldest comes first. But if new ones have waited for long, more come than can be served, and the newest comes
/// first: its client still waits, and the oldest ones have given up or soon will.
struct HandshakeLine {
    /// How long the oldest new one waits at most while it comes first.
    static let patience = Duration.milliseconds(100)

    private var begun = Deque<UInt64>()
    private var new = Deque<(id: UInt64, since: Instant)>()
    private var isTurnOfNew = false

    var isEmpty: Bool { begun.isEmpty && new.isEmpty }

    mutating func append(_ id: UInt64, hasBegun: Bool, at now: Instant) {
        if hasBegun { begun.append(id) } else { new.append((id, now)) }
    }

    mutating func next(at now: Instant) -> UInt64? {
        defer { isTurnOfNew.toggle() }
        guard let oldest = new.first, isTurnOfNew || begun.isEmpty else { return begun.popFirst() }
        return (oldest.since + Self.patience < now ? new.popLast() : new.popFirst())?.id
    }

    /// Forgets new ones that have waited since before a time: their time limit has passed.
    mutating func forgetNew(before time: Instant) {
        while let oldest = new.first, oldest.since < time { new.removeFirst() }
    }
}

/// The time for handshakes while requests are refused: a small part of the loop's. What a new client would send then is
/// most likely refused, and its handshake costs as much as the requests of dozens of clients that are there.
struct HandshakeAllowance {
    /// Handshakes get this part of the time.
    static let part = 8
    /// The most time that can be saved up.
    static let most = Duration.milliseconds(2)

    private var credit = Self.most
    private var earned: Instant

    init(at now: Instant) {
        earned = now
    }

    var isLeft: Bool { credit > .zero }

    mutating func earn(until now: Instant) {
        credit = min(Self.most, credit + earned.duration(to: now) / Self.part)
        earned = now
    }

    mutating func spend(_ time: Duration) {
        credit -= time
    }

    /// When there is time left again; nil if there is now.
    func next(after now: Instant) -> Instant? {
        let missing = Duration.microseconds(1) - credit - earned.duration(to: now) / Self.part
        return missing > .zero ? now + missing * Self.part : nil
    }
}

/// The part of a loop's time that new connections get, to be accepted and to shake hands.
///
/// In each turn they get as much time as all other work took, and a little in any case. So a burst of new clients at
/// most halves what the clients get that are there, and a loop that has nothing else to do gives them all its time.
/// Accepting may take all of that, because a client that is not accepted gets not even a refusal.
struct NewcomerTime {
    /// The least time of each kind of work for newcomers in a turn: shorter than anybody notices, and enough for a
    /// handshake or some dozens of connections.
    static let least = Duration.milliseconds(1)

    private var turn: Instant?
    private var spent = Duration.zero

    /// When work that begins now must end: accepting connections or shaking hands.
    mutating func end(in turn: Instant, at now: Instant, isAccepting: Bool) -> Instant {
        if turn != self.turn {
            self.turn = turn
            spent = .zero
        }
        let left = turn.duration(to: now) - spent * 2
        return now + max(Self.least, isAccepting ? left : left / 2)
    }

    mutating func spend(_ time: Duration) {
        spent += time
    }
}

extension ConnectionTable {
    /// Repeats the step until it returns false or the newcomers' time of this turn is used up.
    func useNewcomerTime(isAccepting: Bool, _ step: () -> Bool) {
        let started = Instant.now
        let end = newcomerTime.end(in: reactor.now, at: started, isAccepting: isAccepting)
        var now = started
        while now < end, step() { now = .now }
        newcomerTime.spend(started.duration(to: now))
    }
}
