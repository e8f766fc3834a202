import HTTPTypes

/// Which of the forms that an answer can have its client wants (RFC 9110, section 12.5.1).
enum Accept {
    /// A media range with its weight.
    private struct Range {
        var type: Substring
        var weight: Double

        /// How exactly it names a type: 2 the type itself, 1 its first half, 0 any type; nil when it is another.
        func precision(for type: String) -> Int? {
            if self.type == type { return 2 }
            if self.type == "*/*" { return 0 }
            return self.type.hasSuffix("/*") && type.hasPrefix(self.type.dropLast()) ? 1 : nil
        }
    }

    /// The wanted one of media types in lower case; of equally wanted ones the one named more exactly, and then the
    /// first. Nil when none will do.
    static func preferred(among types: [String], by field: String?) -> String? {
        guard let field, field.contains(where: { $0 != " " && $0 != "\t" }) else { return types.first }
        let ranges = field.split(separator: ",").compactMap(range)
        var best: (type: String, weight: Double, precision: Int)?
        for type in types {
            let matches = ranges.compactMap { range in
                range.precision(for: type).map { (weight: range.weight, precision: $0) }
            }
            guard let match = matches.max(by: { $0.precision < $1.precision }), match.weight > 0 else { continue }
            if let best, (best.weight, best.precision) >= (match.weight, match.precision) { continue }
            best = (type, match.weight, match.precision)
        }
        return best?.type
    }

    /// One element of the field; nil when it is none, and so ignored.
    private static func range(_ element: Substring) -> Range? {
        let parts = element.lowercased().split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.filter { $0 != " " && $0 != "\t" }
        }
        guard let type = parts.first, type.contains("/") else { return nil }
        var weight = 1.0
        for part in parts.dropFirst() where part.hasPrefix("q=") {
            guard let value = Double(part.dropFirst(2)), (0...1).contains(value) else { return nil }
            weight = value
        }
        return Range(type: Substring(type), weight: weight)
    }
}
