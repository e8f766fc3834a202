import Encoder
import JSON
import Training

/// How the column of labels is to be read.
struct LabelForm {
    var problemType = SequenceClassifier.ProblemType.singleLabel
    /// What stands between two labels of a text.
    var separator: Unicode.Scalar = ","

    /// Whether a text may have no label.
    var allowsNone: Bool { problemType == .multiLabel }
}

/// Texts with their labels, read from a file.
struct LabelledTexts {
    /// transformers' name of a regression's only output.
    private static let regressionLabels = ["LABEL_0"]
    /// Most classes of a head. More classes usually mean that the wrong column was named.
    static let maxClasses = 1000

    private(set) var texts: [Text] = []
    /// Each text's label.
    private(set) var names: [String] = []
    /// Each text's second one, where the fields have a third column for it.
    private(set) var pairs: [String] = []
    let source: TextSource

    /// Reads a file of records.
    ///
    /// - Parameter allowsEmptyLabels: whether a text may have no label.
    /// - Throws: ``CommandError``, with the line of a record that cannot be used.
    init(path: String, fields: RecordFields, allowsEmptyLabels: Bool = false) throws(CommandError) {
        source = .records(path: path == "-" ? nil : path, fields)
        var fault: CommandError?
        var (texts, names, pairs): ([Text], [String], [String]) = ([], [], [])
        let source = source
        try source.forEachRecord { record in
            guard fault == nil else { return }
            let label = record.values[1]
            guard allowsEmptyLabels || !label.isBlank else {
                fault = .unusableText(place: source.place(ofLine: record.line), reason: "the label is empty")
                return
            }
            var text = Text(index: texts.count, content: record.values[0])
            (text.line, text.endByte) = (record.line, record.endByte)
            texts.append(text)
            names.append(label)
            if record.values.count > 2 { pairs.append(record.values[2]) }
        }
        if let fault { throw fault }
        (self.texts, self.names, self.pairs) = (texts, names, pairs)
    }

    /// What a model should say of each text, and the labels in id order.
    ///
    /// - Parameter known: the labels of the training texts, among which those of other texts must be; nil to take the
    ///   labels that are there.
    /// - Throws: `unusableText` with the file, and the line where one is at fault.
    func targets(
        _ form: LabelForm,
        known: [String]? = nil
    ) throws(CommandError) -> (labels: [String], targets: [Target]) {
        guard !texts.isEmpty else { throw .unusableText(place: place, reason: "there are no texts") }
        switch form.problemType {
        case .singleLabel:
            let labels = if let known { known } else { try classes() }
            let places = Self.places(labels)
            var targets: [Target] = []
            for (text, name) in zip(texts, names) { targets.append(.label(try label(name, of: text, among: places))) }
            return (labels, targets)
        case .multiLabel: return try labelSets(form.separator, known)
        case .regression: return (Self.regressionLabels, try values())
        }
    }

    private var place: String { source.path ?? "standard input" }

    /// The classes in order: by value if all labels are whole numbers, else by their characters.
    ///
    /// - Throws: `unusableText` for fewer than two classes, or too many.
    private func classes() throws(CommandError) -> [String] {
        let distinct = Set(names.map { ExactText($0) }).sortedTexts
        guard (2...Self.maxClasses).contains(distinct.count) else {
            let found = distinct.count == 1 ? "only the label \"\(names[0])\"" : "\(distinct.count) different labels"
            throw .unusableText(
                place: place,
                reason: "\(texts.count) \(texts.count == 1 ? "record" : "records") with \(found); "
                    + "expected 2 to \(Self.maxClasses) labels"
            )
        }
        return Self.ordered(distinct)
    }

    /// Labels by value if all are whole numbers, else as they are.
    static func ordered(_ labels: [String]) -> [String] {
        guard labels.allSatisfy({ Int($0) != nil }) else { return labels }
        // The sort is stable: `1` and `01` stay in the order of their characters.
        return labels.sorted { Int($0) ?? 0 < Int($1) ?? 0 }
    }

    private func labelSets(
        _ separator: Unicode.Scalar,
        _ known: [String]?
    ) throws(CommandError) -> ([String], [Target]) {
        let sets = names.map { name in
            name.pieces(separatedBy: separator).map { String($0.stripped) }.filter { !$0.isEmpty }
        }
        let labels = known ?? Set(sets.joined().map { ExactText($0) }).sortedTexts
        guard (1...Self.maxClasses).contains(labels.count) else {
            let reason = "\(labels.count) different labels; expected 1 to \(Self.maxClasses)"
            throw .unusableText(place: place, reason: reason)
        }
        let places = Self.places(labels)
        var targets: [Target] = []
        for (text, set) in zip(texts, sets) {
            var values = [Float](repeating: 0, count: labels.count)
            for name in set { values[try label(name, of: text, among: places)] = 1 }
            targets.append(.values(values))
        }
        return (labels, targets)
    }

    private func values() throws(CommandError) -> [Target] {
        var targets: [Target] = []
        for (text, name) in zip(texts, names) {
            guard let value = Float(name.stripped), value.isFinite else {
                let reason = "\"\(Columns.shown(name, width: 40))\" is no number, which a regression's label must be"
                throw .unusableText(place: source.place(of: text), reason: reason)
            }
            targets.append(.values([value]))
        }
        return targets
    }

    private static func places(_ labels: [String]) -> [ExactText: Int] {
        Dictionary(uniqueKeysWithValues: labels.enumerated().map { (ExactText($1), $0) })
    }

    private func label(
        _ name: String,
        of text: Text,
        among places: [ExactText: Int]
    ) throws(CommandError) -> Int {
        if let place = places[ExactText(name)] { return place }
        let reason = "the label \"\(Columns.shown(name, width: 40))\" is not among the training data's"
        throw .unusableText(place: source.place(of: text), reason: reason)
    }
}
