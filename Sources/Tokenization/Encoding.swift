/// A text (or a pair of texts) as token ids, with what is known about each token.
///
/// All arrays have one entry a token, except that `offsets` is empty when offsets were not collected.
/// Corresponds to `tokenizers.Encoding` of Hugging Face.
package struct Encoding: Sendable, Equatable {
    /// The token ids: the model's `input_ids`.
    package var ids: [Int32] = []
    /// The segment of each token: the model's `token_type_ids`.
    package var typeIDs: [Int32] = []
    /// Where each token comes from: UTF-8 bytes of its own sequence's text; `0..<0` for the special tokens put around
    /// it.
    package var offsets: [Range<Int32>] = []
    /// Whether a token was put there by the template. (One that was written in the text itself is false, as in
    /// `tokenizers`.)
    package var specialTokensMask: [Bool] = []
    /// Which text a token belongs to: 0 the text, 1 its pair, -1 neither, for special tokens.
    package var sequenceIDs: [Int8] = []
    /// How many tokens truncation took away, of both texts together.
    package var truncatedTokenCount = 0

    /// Ids that somebody else has made, all of one text, of which no more is known.
    package init(ids: [Int32] = [], truncatedTokenCount: Int = 0) {
        self.ids = ids
        self.typeIDs = Array(repeating: 0, count: ids.count)
        self.truncatedTokenCount = truncatedTokenCount
    }

    /// The number of tokens.
    package var count: Int { ids.count }
}
