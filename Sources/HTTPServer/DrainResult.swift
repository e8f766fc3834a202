/// How a drain ended.
package struct DrainResult: Sendable, Equatable {
    /// Connections closed because the time was up.
    package var connectionsCut = 0
    /// Requests on those that were in work.
    package var requestsCut = 0

    /// Whether every request was answered in time.
    package var isComplete: Bool { requestsCut == 0 }
}
