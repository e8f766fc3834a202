/// How far answers agree with the right ones, as SQuAD's official script compares them.
package enum AnswerScores {
    /// 1 if the answer is one of the right ones, apart from case, punctuation, articles and white space; else 0.
    ///
    /// - Parameter right: the right answers; none where there is no answer.
    package static func exactMatch(_ answer: String, _ right: [String]) -> Double {
        let words = words(of: answer)
        return answers(right).contains { self.words(of: $0) == words } ? 1 : 0
    }

    /// The largest F1 of the answer's words and those of a right answer.
    package static func f1(_ answer: String, _ right: [String]) -> Double {
        let found = words(of: answer)
        return answers(right).map { f1(found, words(of: $0)) }.max() ?? 0
    }

    /// Without an answer, the empty text is right. The script leaves out right answers that have no words.
    private static func answers(_ right: [String]) -> [String] {
        let answers = right.filter { !words(of: $0).isEmpty }
        return answers.isEmpty ? [""] : answers
    }

    private static func f1(_ found: [String], _ right: [String]) -> Double {
        guard !found.isEmpty, !right.isEmpty else { return found.isEmpty && right.isEmpty ? 1 : 0 }
        var counts: [String: Int] = [:]
        for word in right { counts[word, default: 0] += 1 }
        var same = 0
        for word in found where counts[word, default: 0] > 0 {
            counts[word, default: 0] -= 1
            same += 1
        }
        return 2 * Double(same) / Double(found.count + right.count)
    }

    private static let punctuation = Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".unicodeScalars)
    private static let articles: Set = ["a", "an", "the"]

    /// The words of a text in lower case, without ASCII's punctuation and English articles.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        // A run of letters and digits, which may be an article.
        var run = ""
        func endRun() {
            if articles.contains(run) { endWord() } else { word += run }
            run = ""
        }
        func endWord() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for scalar in text.lowercased().unicodeScalars where !punctuation.contains(scalar) {
            if scalar.isAlphanumeric {
                run.unicodeScalars.append(scalar)
                continue
            }
            endRun()
            if scalar.properties.isWhitespace { endWord() } else { word.unicodeScalars.append(scalar) }
        }
        endRun()
        endWord()
        return words
    }
}

extension Unicode.Scalar {
    /// Whether Python's `isalnum` takes the scalar for a letter or a digit.
    fileprivate var isAlphanumeric: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}
