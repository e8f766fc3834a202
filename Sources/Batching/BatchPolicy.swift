/// How large batches grow and how much may wait.
package struct BatchPolicy: Sendable, Equatable {
    /// Most tokens of one batch. Beyond a few thousand a batch no longer gets cheaper per token; it only makes
    /// its first row wait for its last. A single longer row still runs, alone.
    package var maxBatchTokens = 4096
    /// Most rows of one batch: bounds what one failure takes down with it.
    package var maxBatchRows = 64
    /// Most tokens that wait. At 10,000 tokens a second a quarter of a million is a wait of half a minute, which
    /// is what clients commonly give up at; work behind that would be done for nobody.
    package var maxQueueTokens = 262_144
    /// Most rows that wait: bounds memory when the rows are short.
    package var maxQueueRows = 8192
    /// Below this many tokens a matrix product is bound by reading the weights, so that further rows of any
    /// length cost next to nothing: a batch takes company of other lengths up to here, and no further.
    package var freeCompanyTokens = 128
    /// Where several workers are idle, what waits is shared out in parts of at least this many tokens. A smaller part
    /// would read all the weights for little; less work than two parts is one batch, which the workers split.
    package var minShareTokens = 128
    /// By how many times its own tokens a row lets later, shorter work pass. 0 is strict arrival order; the
    /// larger, the less short texts wait for long ones, and the longer a long one may wait.
    package var overtakingFactor = 4

    /// The default policy.
    package init() {}
}
