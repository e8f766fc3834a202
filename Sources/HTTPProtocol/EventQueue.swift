/// The events of a connection that its owner hasn't taken yet, first in, first out. Bounded by what one call can
/// cause, because the owner empties it after each.
struct EventQueue {
    private var events: [HTTPEvent] = []
    private var head = 0

    mutating func append(_ event: HTTPEvent) {
        events.append(event)
    }

    mutating func next() -> HTTPEvent? {
        guard head < events.count else { return nil }
        let event = events[head]
        head += 1
        if head == events.count {
            // Emptied: the array goes too, so that no request's body stays alive in it.
            events = []
            head = 0
        }
        return event
    }
}
