/// Which of two requests goes first. Each has a queue with limits of its own, so that neither keeps the other out.
package enum Priority: Int, Sendable, CaseIterable {
    /// Somebody waits for it.
    case high
    /// It can wait: while both wait, it gets a small part of what the workers do (`BatchPolicy.highPriorityShare`).
    case low
}
