import Foundation
import Logging
import TLS
import Time
import Transport

/// Accepts connections from one listener for one loop, and passes them to the loop's table.
///
/// Owner: the loop's thread.
final class Acceptor: EventHandler {
    /// The most connections that are accepted in one turn, if ``NewcomerTime`` allows so many. What is not accepted
    /// fills the backlog, and when that is full the kernel drops clients' packets, who try again a second later: worse
    /// than any refusal.
    static let acceptsPerTurn = 256
    /// The most clients that are answered in one turn when there are no descriptors.
    static let answersPerTurn = 16
    /// The pause after accepting has failed for lack of descriptors or memory. Without it the waiting connections would
    /// be reported again at once, and the loop would spin.
    static let pause = Duration.milliseconds(100)

    /// How long half-open connections may take to complete after the listener refuses new ones: longer than the kernel
    /// needs on a busy machine, shorter than the second after which a refused client tries again.
    static let completion = Duration.milliseconds(50)

    private let listener: Listener
    /// The certificates, for a port with TLS.
    private let certificates: CertificateStore?
    private unowned let table: ConnectionTable
    private var registration: Registration?
    private var isWatching = false
    private var isShut = false

    init(listener: Listener, table: ConnectionTable) {
        self.listener = listener
        certificates = listener.port == nil ? nil : table.context.configuration.certificates
        self.table = table
    }

    func open() {
        registration = table.reactor.register(self)
        resume()
    }

    /// Refuses new connections, accepts those that are half open, and then releases the listener.
    ///
    /// A client that tries to connect in this time is not refused at once but has to try again, so the time is kept
    /// short.
    func shut() {
        guard !isShut, let registration else { return }
        while acceptOne() == .accepted {}
        listener.refuseNewConnections()
        while acceptOne() == .accepted {}
        isShut = true
        table.reactor.setDeadline(table.reactor.now + Self.completion, for: registration)
    }

    /// Accepts the connections that wait, and releases the listener.
    func close() {
        guard let registration else { return }
        while acceptOne() == .accepted {}
        if isWatching { table.reactor.unwatch(listener.number) }
        table.reactor.deregister(registration)
        isWatching = false
        self.registration = nil
        table.remove(self)
    }

    /// Accepts in a turn of its own, after the connections that are there.
    func ready(_ readiness: Readiness) {
        guard readiness.isEmpty else {
            if let registration { table.reactor.grantTurn(to: registration) }
            return
        }
        if isWatching, !isShut, acceptMany(hasPaused: false) == .failed { pauseAccepting() }
    }

    func deadlinePassed() {
        guard !isShut else { return close() }
        table.reserve.refill()
        if acceptMany(hasPaused: true) == .failed { pauseAccepting() } else { resume() }
    }

    private enum Outcome { case accepted, nothingYet, failed }

    /// Accepts the connections of one turn.
    ///
    /// - Parameter hasPaused: Whether clients have waited for a pause. Their requests have come meanwhile.
    private func acceptMany(hasPaused: Bool) -> Outcome {
        var outcome = Outcome.accepted
        var accepted = 0
        table.useNewcomerTime(isAccepting: true) {
            guard accepted < Self.acceptsPerTurn else { return false }
            accepted += 1
            outcome = acceptOne(hasPaused: hasPaused)
            return outcome == .accepted
        }
        return outcome
    }

    private func acceptOne(hasPaused: Bool = true) -> Outcome {
        switch listener.accept() {
        case .connection(let socket):
            table.admit(socket, tls: certificates?.context)
            return .accepted
        case .nothingYet:
            return .nothingYet
        case .exhausted(let code):
            // The next try finds the descriptor of an idle connection.
            if table.closeOldestIdle(because: .exhausted) { return .accepted }
            if hasPaused { answerWithReserve() }
            return failed(code)
        case .failed(let code):
            return failed(code)
        }
    }

    /// Uses the spare descriptor to answer waiting clients at once, so that they do not wait in vain.
    private func answerWithReserve() {
        var answered = 0
        while answered < Self.answersPerTurn, table.reserve.isHeld {
            table.reserve.release()
            let hasAnswered = answerNext()
            table.reserve.refill()
            guard hasAnswered else { return }
            answered += 1
        }
    }

    /// Answers the next connection, which is closed on return. Returns false when there is none.
    ///
    /// A client that expects TLS could not read an answer, so its connection is only closed.
    private func answerNext() -> Bool {
        guard case .connection(let socket) = listener.accept() else { return false }
        if certificates == nil { table.answerAtOnce(socket) } else { table.count(.exhausted) }
        return true
    }

    private func failed(_ code: Int32) -> Outcome {
        let reason = TransportError.message(of: code)
        if table.context.counters.add(1, to: .acceptPauses) == 1 {
            // The pause is always counted but logged only once: otherwise the log would get ten lines a second.
            table.context.logger.warning(
                "accepting failed; pausing, and refusing connections meanwhile",
                metadata: ["address": "\(listener.address)", "reason": "\(reason)"]
            )
        }
        return .failed
    }

    private func pauseAccepting() {
        guard let registration else { return }
        if isWatching { table.reactor.unwatch(listener.number) }
        isWatching = false
        table.reactor.setDeadline(table.reactor.now + Self.pause, for: registration)
    }

    private func resume() {
        guard let registration, !isWatching else { return }
        do {
            try table.reactor.watch(listener.number, for: .listener, registration: registration)
            isWatching = true
        } catch {
            table.reactor.setDeadline(table.reactor.now + Self.pause, for: registration)
        }
    }
}
