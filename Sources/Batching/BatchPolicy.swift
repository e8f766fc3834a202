/// The limits of batches and of the queue: how large batches grow, how much may wait, and for how long.
package struct BatchPolicy: Sendable, Equatable {
    // MARK: A batch

    /// Most tokens of one batch. Beyond a few thousand a batch no longer gets cheaper per token; it only makes
    /// its first sequence wait for its last. A single longer sequence still runs, alone.
    package var maxBatchTokens = 4096
    /// How long a batch should run at most. If the measured speed shows that a larger batch would take longer, the
    /// scheduler makes a smaller one: a request that arrives while a batch runs has to wait for that batch.
    package var batchLatencyTarget: Duration = .milliseconds(100)
    /// A batch may always have this many tokens, however long they take. With fewer tokens, the engine would read all
    /// weights for little work.
    package var minBatchTokens = 256
    /// Most sequences of one batch. This bounds the number of sequences that fail together if the batch fails.
    package var maxBatchSequences = 64
    /// Below this many tokens, reading the weights takes most of a matrix product's time, so further sequences of any
    /// length cost next to nothing. Up to this number, a batch also takes sequences of other length classes.
    package var freeCompanyTokens = 128
    /// If several workers are idle, the waiting sequences are divided into batches of at least this many tokens. With
    /// fewer tokens, a worker would read all the weights for little work. If there is not enough work for two such
    /// batches, it is one batch, and the workers compute it together.
    package var minPartTokens = 128

    // MARK: The order

    /// Shorter work that arrives later may overtake a sequence, up to this many times the sequence's own tokens. 0 is
    /// strict arrival order. A larger factor makes short sequences wait less and long ones wait more.
    package var overtakingFactor = 4
    /// Most tokens that may overtake a sequence, however long the sequence is: about one batch of a slow engine.
    package var maxOvertakingTokens = 512
    /// While sequences of both priorities wait, high priority gets this many times the tokens that low priority gets.
    package var highPriorityFactor = 8

    // MARK: Admission: each of the two priorities has these limits for itself

    /// Most tokens in the queue. At 10,000 tokens a second a quarter of a million is a wait of half a minute, after
    /// which clients commonly give up; work that waits longer would be done for nobody.
    package var maxQueueTokens = 262_144
    /// Most sequences in the queue. This bounds memory when they are short.
    package var maxQueueSequences = 8192
    /// Most sequences of all requests that were admitted and not answered yet. A request keeps its results until all of
    /// them are computed: 2 KB for a vector of the full-size model, so this is 128 MB of vectors.
    package var maxHeldSequences = 65_536
    /// How long a request may wait for admission: long enough to outlast a burst, too short for its client to notice.
    package var maxAdmissionWait: Duration = .milliseconds(20)

    // MARK: Results

    /// Most bytes of results that are kept for sequences that come again; 0 keeps none.
    package var resultCacheBytes = 0

    /// The default policy.
    package init() {}

    /// Most sequences of one request that are in the queue at once; when one is handed out, the next takes its place.
    /// With two batches of them, a worker always finds a full batch, and the rest of the queue is left to other
    /// requests.
    var maxRequestSequences: Int { max(1, min(2 * maxBatchSequences, maxQueueSequences / 8)) }
    /// Most tokens of one request that are in the queue at once, for the same reason.
    var maxRequestTokens: Int { max(1, min(2 * maxBatchTokens, maxQueueTokens / 8)) }
}

/// The priority of a request. Each priority has a queue with its own limits, so that neither keeps the other out.
package enum Priority: Int, Sendable, CaseIterable {
    /// The priority of requests that somebody waits for.
    case high
    /// The priority of requests that can wait: while both priorities wait, low priority gets a small part of the
    /// workers' time (`BatchPolicy.highPriorityFactor`).
    case low
}
