import Foundation
import JSON

/// Reads files of questions: SQuAD's JSON of versions 1.1 and 2, or JSON Lines with the columns of the Hub's data sets.
struct QuestionReader {
    private let path: String

    init(path: String) { self.path = path }

    /// The contexts with their questions.
    ///
    /// - Throws: `unusableText` with file and line, `noInput`, or `readFailed`.
    func paragraphs() throws(CommandError) -> [QuestionTexts.Paragraph] {
        RecordFormat(path: path) == .jsonl ? try lines() : try document()
    }

    // MARK: JSON Lines

    private func lines() throws(CommandError) -> [QuestionTexts.Paragraph] {
        let file = LineFile(path: path)
        var paragraphs: [QuestionTexts.Paragraph] = []
        var places: [ExactText: Int] = [:]
        try file.forEachObject { line, object throws(CommandError) in
            let place = file.place(line)
            let context = try object.text(["context"], place: place)
            let question = try question(object, context, place: place)
            let number = places[ExactText(context)] ?? paragraphs.count
            if number == paragraphs.count {
                places[ExactText(context)] = number
                paragraphs.append(QuestionTexts.Paragraph(context: context))
            }
            paragraphs[number].questions.append(question)
        }
        return paragraphs
    }

    // MARK: SQuAD

    private func document() throws(CommandError) -> [QuestionTexts.Paragraph] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .noInput(path: path, reason: "it cannot be read")
        }
        let bytes = [UInt8](data)
        let root: JSONValue
        do {
            root = try JSONParser.parse(bytes)
        } catch {
            let reason = "column \(error.column): found \(error.found), expected \(error.expected)"
            throw .unusableText(place: "line \(error.line) of \(path)", reason: reason)
        }
        var lines = LineFinder(bytes: bytes)
        var paragraphs: [QuestionTexts.Paragraph] = []
        for article in try objects(root, "data", lines.line) {
            for paragraph in try objects(.object(article), "paragraphs", lines.line) {
                let context = try paragraph.text(["context"], place: place(lines.line))
                var found = QuestionTexts.Paragraph(context: context)
                for question in try objects(.object(paragraph), "qas", lines.line) {
                    if case .string(let id)? = question["id"] { lines.move(to: id) }
                    found.questions.append(try self.question(question, context, place: place(lines.line)))
                }
                if !found.questions.isEmpty { paragraphs.append(found) }
            }
        }
        return paragraphs
    }

    private func place(_ line: Int) -> String { "line \(line) of \(path)" }

    private func objects(_ value: JSONValue, _ key: String, _ line: Int) throws(CommandError) -> [JSONObject] {
        guard case .object(let object) = value else {
            let reason = "found \(value.kind), expected an object with the key \"\(key)\", as in SQuAD's files"
            throw .unusableText(place: place(line), reason: reason)
        }
        guard case .array(let elements) = try object.value([key], place: place(line)).value else {
            throw .unusableText(place: place(line), reason: "\"\(key)\": expected an array")
        }
        var objects: [JSONObject] = []
        for element in elements {
            guard case .object(let object) = element else {
                throw .unusableText(place: place(line), reason: "\"\(key)\": found \(element.kind), expected objects")
            }
            objects.append(object)
        }
        return objects
    }

    // MARK: A question

    private func question(
        _ object: JSONObject,
        _ context: String,
        place: String
    ) throws(CommandError) -> QuestionTexts.Question {
        let text = try object.text(["question"], place: place)
        guard !text.isBlank else { throw .unusableText(place: place, reason: "the question is empty") }
        guard !context.isBlank else { throw .unusableText(place: place, reason: "the context is empty") }
        var answers: [(text: String, bytes: Range<Int>)] = []
        if object["is_impossible"] != .boolean(true) {
            for (text, start) in try pairs(try object.value(["answers"], place: place).value, place: place) {
                answers.append((text, try bytes(of: text, at: start, in: context, place: place)))
            }
        }
        return QuestionTexts.Question(place: place, text: text, answers: answers)
    }

    /// The answers: an array of objects as in SQuAD, or an object of arrays as in the Hub's data sets.
    private func pairs(_ value: JSONValue, place: String) throws(CommandError) -> [(String, Int)] {
        switch value {
        case .array(let elements):
            var pairs: [(String, Int)] = []
            for case .object(let answer) in elements {
                let start = try answer.value(["answer_start"], place: place).value
                pairs.append((try answer.text(["text"], place: place), try number(start, place: place)))
            }
            guard pairs.count == elements.count else { break }
            return pairs
        case .object(let object):
            let texts = try object.texts(["text"], place: place)
            guard case .array(let starts) = try object.value(["answer_start"], place: place).value,
                starts.count == texts.count
            else { break }
            var pairs: [(String, Int)] = []
            for (text, start) in zip(texts, starts) { pairs.append((text, try number(start, place: place))) }
            return pairs
        default: break
        }
        throw .unusableText(place: place, reason: "\"answers\": expected texts, each with its answer_start")
    }

    private func number(_ value: JSONValue, place: String) throws(CommandError) -> Int {
        if let number = value.integer, number >= 0 { return number }
        throw .unusableText(place: place, reason: "\"answer_start\": expected a whole number from 0 on")
    }

    /// The bytes of an answer that begins at a Unicode scalar of the context.
    private func bytes(of text: String, at start: Int, in context: String, place: String) throws(CommandError) -> Range<
        Int
    > {
        let scalars = context.unicodeScalars
        let answer = text.utf8
        if let first = scalars.index(scalars.startIndex, offsetBy: start, limitedBy: scalars.endIndex),
            !answer.isEmpty, context.utf8[first...].starts(with: answer)
        {
            let offset = context.utf8.distance(from: context.utf8.startIndex, to: first)
            return offset..<offset + answer.count
        }
        let shown = Columns.shown(text, width: 40)
        throw .unusableText(place: place, reason: "the context does not have the answer \"\(shown)\" at \(start)")
    }
}

/// Finds the lines of texts that stand in a document one behind the other.
private struct LineFinder {
    private let bytes: [UInt8]
    private var position = 0
    /// The line of the text found last.
    private(set) var line = 1

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Goes on to a string of the document; stays if it is not there.
    mutating func move(to text: String) {
        let wanted = Array("\"\(text)\"".utf8)
        var (place, line) = (position, line)
        while place + wanted.count <= bytes.count {
            if bytes[place] == wanted[0], bytes[place..<place + wanted.count].elementsEqual(wanted) {
                (position, self.line) = (place, line)
                return
            }
            if bytes[place] == UInt8(ascii: "\n") { line += 1 }
            place += 1
        }
    }
}
