import DequeModule
import Time
import Transport

/// The connections of a loop whose TLS handshakes have a step to do.
///
/// A handshake costs as much as dozens of requests. So its steps are not done when their bytes come, but after the work
/// of the clients that are there, in the time that ``NewcomerTime`` allows.
///
/// Owner: the loop's thread.
final class HandshakeQueue: EventHandler {
    private unowned let table: ConnectionTable
    private var registration: Registration?
    private var line = HandshakeLine()

    init(table: ConnectionTable) {
        self.table = table
    }

    /// Adds a connection that is not in the queue.
    func append(_ connection: Connection) {
        line.append(connection.id, hasBegun: connection.hasGreeted)
        grantTurn()
    }

    func ready(_ readiness: Readiness) {
        table.useNewcomerTime {
            guard let id = line.next() else { return false }
            table.connection(id)?.doHandshakeStep()
            return true
        }
        if !line.isEmpty { grantTurn() }
    }

    func deadlinePassed() {}

    private func grantTurn() {
        let known = registration ?? table.reactor.register(self)
        registration = known
        table.reactor.grantTurn(to: known)
    }
}

/// The order of handshakes: the oldest first, and in turns one that has begun and a new one. So new clients do not keep
/// those out whose handshake is half done, nor do clients that send theirs byte by byte keep new ones out.
struct HandshakeLine {
    private var begun = Deque<UInt64>()
    private var new = Deque<UInt64>()
    private var isTurnOfNew = false

    var isEmpty: Bool { begun.isEmpty && new.isEmpty }

    mutating func append(_ id: UInt64, hasBegun: Bool) {
        if hasBegun { begun.append(id) } else { new.append(id) }
    }

    mutating func next() -> UInt64? {
        defer { isTurnOfNew.toggle() }
        return isTurnOfNew ? new.popFirst() ?? begun.popFirst() : begun.popFirst() ?? new.popFirst()
    }
}

/// The part of a loop's time that new connections get, to be accepted and to shake hands.
///
/// In each turn they get as much time as all other work took, and a little in any case. So a burst of new clients at
/// most halves what the clients get that are there, and a loop that has nothing else to do gives them all its time.
struct NewcomerTime {
    /// The least time of each kind of work for newcomers in a turn: shorter than anybody notices, and enough for a
    /// handshake or some dozens of connections.
    static let least = Duration.milliseconds(1)

    private var turn: Instant?
    private var spent = Duration.zero

    /// When work that begins now must end. There are two kinds of work, accepting and shaking hands, and each gets half
    /// of the time that the others took.
    mutating func end(in turn: Instant, at now: Instant) -> Instant {
        if turn != self.turn {
            self.turn = turn
            spent = .zero
        }
        return now + max(Self.least, (turn.duration(to: now) - spent) / 2)
    }

    mutating func spend(_ time: Duration) {
        spent += time
    }
}

extension ConnectionTable {
    /// Repeats the step until it returns false or the newcomers' time of this turn is used up.
    func useNewcomerTime(_ step: () -> Bool) {
        let started = Instant.now
        let end = newcomerTime.end(in: reactor.now, at: started)
        var now = started
        while now < end, step() { now = .now }
        newcomerTime.spend(started.duration(to: now))
    }
}
