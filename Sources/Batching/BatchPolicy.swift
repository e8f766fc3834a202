/// How large batches grow, how much may wait and for how long.
package struct BatchPolicy: Sendable, Equatable {
    // MARK: A batch

    /// Most tokens of one batch. Beyond a few thousand a batch no longer gets cheaper per token; it only makes
    /// its first row wait for its last. A single longer row still runs, alone.
    package var maxBatchTokens = 4096
    /// How long a batch should run at most. Fewer tokens are put together where the engine was measured to need longer
    /// for more: who comes while a batch runs has to wait for it.
    package var batchLatencyTarget: Duration = .milliseconds(100)
    /// Tokens that are put together however long they take: with fewer, all weights would be read for little work.
    package var minBatchTokens = 256
    /// Most rows of one batch: bounds what one failure takes down with it.
    package var maxBatchRows = 64
    /// Below this many tokens a matrix product is bound by reading the weights, so that further rows of any
    /// length cost next to nothing: a batch takes company of other lengths up to here, and no further.
    package var freeCompanyTokens = 128
    /// Where several workers are idle, what waits is shared out in parts of at least this many tokens. A smaller part
    /// would read all the weights for little; less work than two parts is one batch, which the workers split.
    package var minShareTokens = 128

    // MARK: The order

    /// By how many times its own tokens a row lets later, shorter work pass. 0 is strict arrival order; the
    /// larger, the less short texts wait for long ones, and the longer a long one may wait.
    package var overtakingFactor = 4
    /// The most that it lets pass: about a batch of a slow engine, of which it would hardly notice more.
    package var maxOvertakingTokens = 512
    /// While rows of both priorities wait, high priority gets this many times the tokens that low priority gets.
    package var highPriorityShare = 8

    // MARK: Admission; each priority has these limits for itself

    /// Most tokens in the queue. At 10,000 tokens a second a quarter of a million is a wait of half a minute, which
    /// is what clients commonly give up at; work behind that would be done for nobody.
    package var maxQueueTokens = 262_144
    /// Most rows in the queue: bounds memory when the rows are short.
    package var maxQueueRows = 8192
    /// Most rows of all requests that were taken in and not answered. A request keeps its results until the last is
    /// there: 2 KB for a vector of the full-size model, so this is 128 MB of them.
    package var maxHeldRows = 65_536
    /// How long a request may wait to be taken in: long enough to outlast a burst, too short for its client to notice.
    package var maxAdmissionWait: Duration = .milliseconds(20)

    // MARK: Results

    /// Most memory that results take which are kept for rows that come again; 0 keeps none.
    package var resultCacheBytes = 0

    /// The default policy.
    package init() {}

    /// Rows of one request that are in the queue at once; as each is handed out the next takes its place. Two batches
    /// of them are enough that a worker finds a full one, and leave the queue's room to others.
    var maxRequestRows: Int { max(1, min(2 * maxBatchRows, maxQueueRows / 8)) }
    /// The same in tokens.
    var maxRequestTokens: Int { max(1, min(2 * maxBatchTokens, maxQueueTokens / 8)) }
}
