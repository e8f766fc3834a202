import JSON

/// Texts with their labels, read from a file.
struct LabelledTexts {
    /// Most classes of a head. More classes usually mean that the wrong column was named.
    static let maxClasses = 1000

    private(set) var texts: [Text] = []
    /// Each text's label.
    private(set) var names: [String] = []
    let source: TextSource

    /// Reads a file of records.
    ///
    /// - Parameter allowsEmptyLabels: whether a text may have no label.
    /// - Throws: ``CommandError``, with the line of a record that cannot be used.
    init(path: String, fields: RecordFields, allowsEmptyLabels: Bool = false) throws(CommandError) {
        source = .records(path: path == "-" ? nil : path, fields)
        var fault: CommandError?
        var (texts, names): ([Text], [String]) = ([], [])
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
        }
        if let fault { throw fault }
        (self.texts, self.names) = (texts, names)
    }

    /// The classes in order: by value if all labels are whole numbers, else by their characters.
    ///
    /// - Throws: `unusableText` for fewer than two classes, or too many.
    func classes() throws(CommandError) -> [String] {
        let distinct = Set(names.map { ExactText($0) }).sortedTexts
        guard (2...Self.maxClasses).contains(distinct.count) else {
            let found = distinct.count == 1 ? "only the label \"\(names[0])\"" : "\(distinct.count) different labels"
            throw .unusableText(
                place: source.path ?? "standard input",
                reason: "\(texts.count) records with \(found); expected 2 to \(Self.maxClasses) labels"
            )
        }
        let numbers = distinct.compactMap { Int($0) }
        guard numbers.count == distinct.count else { return distinct }
        // The sort is stable: `1` and `01` stay in the order of their characters.
        return distinct.sorted { Int($0) ?? 0 < Int($1) ?? 0 }
    }

    /// The index in `classes` of each text's class.
    ///
    /// - Throws: `unusableText` for a label that is not in `classes`.
    func labels(among classes: [String]) throws(CommandError) -> [Int] {
        let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { (ExactText($1), $0) })
        var labels: [Int] = []
        for (text, name) in zip(texts, names) {
            guard let place = places[ExactText(name)] else {
                let reason = "the label \"\(Columns.shown(name, width: 40))\" is not among the training data's"
                throw .unusableText(place: source.place(of: text), reason: reason)
            }
            labels.append(place)
        }
        return labels
    }
}
