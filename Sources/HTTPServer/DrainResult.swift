/// How a drain ended.
package struct DrainResult: Sendable, Equatable {
    /// Connections closed because the time was up.
    package var connectionsCut: Int
    /// Requests on those that were in work.
    package var requestsCut: Int

    /// Nothing cut, unless said otherwise.
    package init(connectionsCut: Int = 0, requestsCut: Int = 0) {
        self.connectionsCut = connectionsCut
        self.requestsCut = requestsCut
    }

    /// Whether every request was answered in time.
    package var isComplete: Bool { requestsCut == 0 }
}
