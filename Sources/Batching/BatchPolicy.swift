/// How large batches grow, how much may wait and for how long.
package struct BatchPolicy: Sendable, Equatable {
    // MARK: A batch

    /// Most tokens of one batch. Beyond a few thousand a batch no longer gets cheaper per token; it only makes
    /// its first sequence wait for its last. A single longer sequence still runs, alone.
    package var maxBatchTokens = 4096
    /// How long a batch should run at most. The scheduler puts fewer tokens together where it has measured that the
    /// engine would need longer for more: a request that comes while a batch runs has to wait for that batch.
    package var batchLatencyTarget: Duration = .milliseconds(100)
    /// Tokens that make a batch however long they take: with fewer, the engine would read all weights for little work.
    package var minBatchTokens = 256
    /// Most sequences of one batch. This bounds what one failure takes down with it.
    package var maxBatchSequences = 64
    /// Below this many tokens a matrix product is bound by reading the weights, so that further sequences
    /// of any length cost next to nothing: a batch takes sequences of other lengths up to here, and no further.
    package var freeCompanyTokens = 128
    /// Where several workers are idle, the waiting sequences are divided into batches of at least this many tokens. For
    /// fewer a worker would read all the weights for little work; less work than two such batches is one batch, which
    /// the workers compute together.
    package var minPartTokens = 128

    // MARK: The order

    /// A sequence lets later, shorter work pass, up to this many times its own tokens. 0 is strict arrival order; the
    /// larger the factor, the less short texts wait for long ones, and the longer a long one may wait.
    package var overtakingFactor = 4
    /// Most tokens that a sequence lets pass, however long it is: about a batch of a slow engine.
    package var maxOvertakingTokens = 512
    /// While sequences of both priorities wait, high priority gets this many times the tokens that low priority gets.
    package var highPriorityFactor = 8

    // MARK: Admission: each of the two priorities has these limits for itself

    /// Most tokens in the queue. At 10,000 tokens a second a quarter of a million is a wait of half a minute, after
    /// which clients commonly give up; work behind that would be done for nobody.
    package var maxQueueTokens = 262_144
    /// Most sequences in the queue. This bounds memory when they are short.
    package var maxQueueSequences = 8192
    /// Most sequences of all requests that were taken in and not answered. A request keeps its results until the last
    /// is there: 2 KB for a vector of the full-size model, so this is 128 MB of vectors.
    package var maxHeldSequences = 65_536
    /// How long a request may wait to be taken in: long enough to outlast a burst, too short for its client to notice.
    package var maxAdmissionWait: Duration = .milliseconds(20)

    // MARK: Results

    /// Most bytes of results that are kept for sequences that come again; 0 keeps none.
    package var resultCacheBytes = 0

    /// The default policy.
    package init() {}

    /// Most sequences of one request that are in the queue at once; as each is handed out the next takes its place. Two
    /// batches of them are enough that a worker finds a full one, and leave the rest of the queue to others.
    var maxRequestSequences: Int { max(1, min(2 * maxBatchSequences, maxQueueSequences / 8)) }
    /// Most tokens of one request that are in the queue at once, for the same reason.
    var maxRequestTokens: Int { max(1, min(2 * maxBatchTokens, maxQueueTokens / 8)) }
}

/// Which of two requests goes first. Each priority has a queue with limits of its own, so that neither keeps the other
/// out.
package enum Priority: Int, Sendable, CaseIterable {
    /// For requests that somebody waits for.
    case high
    /// For requests that can wait: while both priorities wait, low priority gets a small part of the workers' time
    /// (`BatchPolicy.highPriorityFactor`).
    case low
}
