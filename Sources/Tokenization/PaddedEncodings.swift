/// Encodings padded on the right to the length of the longest: the arrays that a model takes.
package struct PaddedEncodings: Sendable, Equatable {
    /// Token ids, [batch, length]; `padTokenID` where there is padding.
    package let inputIDs: [[Int32]]
    /// Segment ids, [batch, length]; 0 where there is padding.
    package let tokenTypeIDs: [[Int32]]
    /// 1 for a token and 0 for padding, [batch, length].
    package let attentionMask: [[Int32]]

    /// Pads encodings to the longest.
    package init(_ encodings: [Encoding], padTokenID: Int32) {
        let length = encodings.map(\.count).max() ?? 0
        func padded(_ values: [Int32], with padding: Int32) -> [Int32] {
            values + repeatElement(padding, count: length - values.count)
        }
        inputIDs = encodings.map { padded($0.ids, with: padTokenID) }
        tokenTypeIDs = encodings.map { padded($0.typeIDs, with: 0) }
        attentionMask = encodings.map { padded(Array(repeating: 1, count: $0.count), with: 0) }
    }
}
