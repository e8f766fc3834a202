extension ServiceConfiguration {
    /// CPUs for each event loop: a loop only moves bytes and parses, the engine needs the CPUs far more.
    private static let cpusPerEventLoop = 4

    /// Number of engine workers on a machine with this CPU budget.
    package func workerCount(budget: Int) -> Int { workers > 0 ? workers : max(1, budget) }

    /// Number of event loops on a machine with this CPU budget.
    package func eventLoopCount(budget: Int) -> Int {
        eventLoops > 0 ? eventLoops : max(1, budget / Self.cpusPerEventLoop)
    }

    /// Width of the request-work queue on a machine with this CPU budget.
    package func requestThreadCount(budget: Int) -> Int { requestThreads > 0 ? requestThreads : max(1, budget) }
}
