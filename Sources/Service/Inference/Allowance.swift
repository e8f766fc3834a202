import Synchronization

/// A counted permission to hold something large. Guarded by its own lock.
package final class Allowance: Sendable {
    /// The most that may be held at once.
    package let limit: Int
    private let used = Mutex(0)

    /// An allowance of which nothing is taken.
    package init(limit: Int) {
        self.limit = limit
    }

    /// What has been taken and not given back.
    package var inUse: Int { used.withLock { $0 } }

    /// Takes an amount, or nothing when it would go beyond the limit. It is given back when the holding is released.
    package func take(_ amount: Int) -> Holding? {
        let taken = used.withLock { used in
            guard amount <= limit - used else { return false }
            used += amount
            return true
        }
        return taken ? Holding(amount: amount, of: self) : nil
    }

    /// An amount that is held for as long as this object lives.
    package final class Holding: Sendable {
        private let amount: Int
        private let allowance: Allowance

        fileprivate init(amount: Int, of allowance: Allowance) {
            self.amount = amount
            self.allowance = allowance
        }

        deinit {
            allowance.used.withLock { $0 -= amount }
        }
    }
}
