import Encoder
import JSON

/// Published figures of a model's results. They are used to check a copy of the model and this program.
struct PublishedFigures: Sendable {
    /// How close a computed figure must be to a published one.
    enum Tolerance: Sendable {
        /// The quotient of the two differs from 1 by at most this.
        case relative(Double)
        /// The difference is at most this.
        case absolute(Double)
    }

    /// One text, and some of the model's published results for it.
    struct Check: Sendable {
        /// The model's input.
        enum Input: Sendable {
            case ids([Int32])
            case text(String)
        }

        var title: String
        var input: Input
        /// The number of tokens that the input is padded to, with a mask; nil: no padding.
        var paddedLength: Int?
        var output: OutputRequest
        /// The size of the output's first dimension, if that is a figure, too.
        var count: Int?
        /// The index of the first row with figures. A row is along the output's last dimension.
        var firstRow = 0
        /// The first numbers of consecutive rows.
        var figures: [[Double]]
        var tolerance: Tolerance
    }

    /// The names on the Hub, the usual one first.
    var names: [String]
    /// The place where the figures were published.
    var source: String
    var checks: [Check]

    /// The figures of the model with this name: a name on the Hub, or a folder with such a name.
    static func named(_ name: String, among known: [PublishedFigures] = all) -> PublishedFigures? {
        if let figures = known.first(where: { $0.names.contains(name) }) { return figures }
        guard let last = name.pieces(separatedBy: "/").last(where: { !$0.isEmpty }) else { return nil }
        return known.first { figures in
            figures.names.contains { $0.pieces(separatedBy: "/").last?.equals(last) == true }
        }
    }

    /// All figures that this program has.
    static let all = [mobileBERT, sentiment, bert]

    /// The tolerance for figures with four decimals: half of the last decimal is rounding, and the rest allows for sums
    /// in another order.
    private static let fourDecimals = Tolerance.absolute(1e-4)

    private static let mobileBERT = PublishedFigures(
        names: ["google/mobilebert-uncased"],
        source: "transformers' integration test of MobileBertModel",
        checks: [
            Check(
                title: "last_hidden_state[0, :3, :3]",
                input: .ids([101, 7110, 1005, 1056, 2023, 11333, 17413, 1029, 102]),
                output: .lastHiddenState,
                figures: [
                    [-2.4736526e7, 8.2691656e4, 1.6521838e5], [-5.7541704e-1, 3.9056022, 4.4011507],
                    [2.6047359, 1.5677652, -1.7324188e-1],
                ],
                // The values range from about 1 to 1e8. The test in transformers from which the figures come has the
                // same bound.
                tolerance: .relative(1e-3)
            )
        ]
    )

    private static let sentiment = PublishedFigures(
        names: [
            "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
            "distilbert-base-uncased-finetuned-sst-2-english",
        ],
        source: "Hugging Face's course, chapter 2, \"Behind the pipeline\"",
        checks: [
            ("I've been waiting for a HuggingFace course my whole life.", [-1.5607, 1.6123]),
            ("I hate this so much!", [4.1692, -3.3464]),
        ].map { text, logits in
            Check(
                title: "logits of \"\(text)\"",
                input: .text(text),
                output: .logits,
                figures: [logits],
                tolerance: fourDecimals
            )
        }
    )

    private static let bert = PublishedFigures(
        names: ["google-bert/bert-base-uncased", "bert-base-uncased"],
        source: "a tutorial on BERT's hidden states, with bert-base-uncased",
        checks: [
            Check(
                title: "last_hidden_state[0, 1, :4] of \"i love kathmandu\", padded to 7",
                input: .text("i love kathmandu"),
                paddedLength: 7,
                output: .lastHiddenState,
                firstRow: 1,
                figures: [[3.1862e-1, 5.0867e-1, 1.4940e-1, -2.8184e-1]],
                tolerance: fourDecimals
            ),
            Check(
                title: "number of hidden_states",
                input: .text("i love kathmandu"),
                paddedLength: 7,
                output: .hiddenStates(layers: nil),
                count: 13,
                figures: [],
                tolerance: fourDecimals
            ),
        ]
    )
}
