import JSON
import TestSupport

/// Compares an answer with a recorded one, whose keys must all be there; the answer may have more.
///
/// Whole numbers, texts and null must be the same. Other numbers may differ by 1e-5 of the largest of the recorded
/// answer, or of 1.
struct AnswerDifference {
    private let tolerance: Double

    /// The place where the answer differs; nil if it does not.
    static func find(_ answer: JSONValue, _ expected: JSONValue) -> String? {
        let largest = magnitudes(expected).max() ?? 1
        return AnswerDifference(tolerance: 1e-5 * max(1e-3, largest)).find(answer, expected, at: "$")
    }

    private func find(_ answer: JSONValue?, _ expected: JSONValue, at place: String) -> String? {
        switch expected {
        case .object(let members):
            return members.members.lazy
                .compactMap { find(answer?[$0.key], $0.value, at: "\(place).\($0.key)") }.first
        case .array(let elements):
            guard case .array(let others)? = answer, others.count == elements.count else {
                return "\(place): \(answer?.elements.count ?? 0) elements, not \(elements.count)"
            }
            return zip(others, elements).enumerated().lazy
                .compactMap { find($1.0, $1.1, at: "\(place)[\($0)]") }.first
        case .number(let text) where !Self.isWhole(text):
            let (given, wanted) = (answer?.double ?? .nan, expected.double ?? .nan)
            return abs(given - wanted) <= tolerance ? nil : "\(place): \(given), not \(wanted)"
        default:
            return answer == expected ? nil : "\(place): \(String(describing: answer)), not \(expected)"
        }
    }

    private static func magnitudes(_ value: JSONValue) -> [Double] {
        switch value {
        case .object(let members): members.members.flatMap { magnitudes($0.value) }
        case .array(let elements): elements.flatMap(magnitudes)
        case .number(let text) where !isWhole(text): [abs(value.double ?? 0)]
        default: []
        }
    }

    /// Whether a number counts something: the recording scripts write other numbers with a point or an exponent.
    private static func isWhole(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) }
    }
}
