import Hub
import Logging
import Synchronization

/// What a pull leaves in the service's log.
struct PullLog: Sendable {
    private static let interval: Duration = .seconds(10)

    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// A line for what begins, ends or fails, and one now and then meanwhile.
    var observer: PullObserver {
        let next = Mutex(ContinuousClock.now + Self.interval)
        return { [logger] event in
            switch event {
            case .found(let commit, _):
                logger.info("pulling", metadata: ["commit": "\(commit)"])
            case .started(let file, let bytes, let present):
                logger.info(
                    "fetching",
                    metadata: ["file": "\(file)", "bytes": "\(bytes ?? 0)", "present": "\(present)"]
                )
            case .progressed(let file, let bytes, let total):
                let isDue = next.withLock { next in
                    guard ContinuousClock.now >= next else { return false }
                    next = .now + Self.interval
                    return true
                }
                guard isDue else { return }
                logger.info(
                    "fetching",
                    metadata: ["file": "\(file)", "bytes": "\(total ?? 0)", "present": "\(bytes)"]
                )
            case .finished(let file, let bytes, let isNew):
                if isNew { logger.info("fetched", metadata: ["file": "\(file)", "bytes": "\(bytes)"]) }
            case .waiting(let file):
                logger.info("another program fetches the file", metadata: ["file": "\(file)"])
            case .retrying(let reason, let seconds):
                logger.warning("\(reason)", metadata: ["retry_after": "\((seconds * 10).rounded() / 10)"])
            case .unconfirmed(let reason):
                logger.warning("\(reason)")
            }
        }
    }
}
