/// What goes into one forward pass: rows of token ids, right-padded to one length, with masks, as transformers takes
/// them.
package struct EncoderBatch: Sendable {
    /// The number of texts.
    package var rows: Int
    /// The length that every row is padded to.
    package var length: Int
    /// Token ids, `rows * length`, row-major.
    package var inputIDs: [Int32]
    /// Token type ids, `rows * length`: 0 for the first sequence, 1 for the second.
    package var tokenTypeIDs: [Int32]
    /// 1 for tokens and, behind them, 0 for padding, `rows * length`. Ids under a 0 are never read.
    package var attentionMask: [UInt8]

    /// A batch of `rows` texts, each padded to `length`.
    package init(rows: Int, length: Int, inputIDs: [Int32], tokenTypeIDs: [Int32], attentionMask: [UInt8]) {
        self.rows = rows
        self.length = length
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
    }
}
