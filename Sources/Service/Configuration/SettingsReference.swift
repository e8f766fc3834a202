import JSON

extension ServiceConfiguration {
    /// The configuration as a commented YAML file with every key. `swiftlet serve --print-config` prints it; with all
    /// defaults, it is the file `config/swiftlet.yaml`.
    package var yaml: String {
        var lines = Self.preamble
        for section in ConfigurationKey.sections {
            lines += ["", "# --- \(section.title) " + String(repeating: "-", count: 72 - section.title.count)]
            for key in section.keys {
                lines.append("")
                lines += Self.wrap(key.effect, width: 116).map { "# " + $0 }
                lines.append("# \(key.signature)")
                lines.append(key.read(self).map { "\(key.name): \(Self.scalar($0))" } ?? "# \(key.name):")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let preamble = """
        # Settings of `swiftlet serve`, each with its default. Made by `swiftlet serve --print-config`.
        #
        #     swiftlet serve --config config/swiftlet.yaml
        #
        # The environment variable of a key overrides the value here, and its flag overrides both: flag > environment >
        # file > default. The file is a flat list of `key: value`. An unknown key, a key given twice or a value out of
        # range stops the start with an error that names its place. A key without a value counts as absent. Sizes are in
        # bytes, times in seconds with decimals ("0.5").
        #
        # Three more variables are read: SWIFTLET_CONFIG names the file, SWIFTLET_API_KEYS lists API keys separated by
        # commas, and SWIFTLET_BLAS_CORE names the kernels that OpenBLAS uses (such as SkylakeX) instead of the best for
        # the CPU.
        """.pieces(separatedBy: "\n").map(String.init)

    /// Quotes a text if YAML would not read it back as the same text.
    private static func scalar(_ text: String) -> String {
        if text.wholeMatch(of: /[A-Za-z0-9_.\/][A-Za-z0-9_.\/-]*/) != nil { return text }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Breaks a paragraph into lines of at most `width` characters, at spaces.
    static func wrap(_ paragraph: String, width: Int) -> [String] {
        var lines: [String] = []
        // The characters that the last line may still take, with a space before them.
        var left = 0
        for word in paragraph.pieces(separatedBy: " ") {
            let count = word.count
            if count < left {
                lines[lines.count - 1] += " " + word
                left -= count + 1
            } else {
                lines.append(String(word))
                left = width - count
            }
        }
        return lines
    }
}

extension ConfigurationKey {
    /// The list of all settings for `swiftlet serve --help`: flag, type, default, and the first sentence of the effect.
    package static var help: String {
        sections.map { section in
            ([section.title.uppercased()] + section.keys.map(\.helpEntry)).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private var helpEntry: String {
        let details = [unit, range, defaultValue.map { "default \($0)" }].compactMap(\.self).joined(separator: ", ")
        let summary = effect.firstRange(of: ". ").map { String(effect[..<$0.lowerBound]) } ?? effect
        let ended = summary.ends(with: ".") ? summary : summary + "."
        let lines = ServiceConfiguration.wrap(ended, width: 70).map { "        " + $0 }
        let head = "  \(flag) <\(type)>" + (details.isEmpty ? "" : "  (\(details))")
        return ([head] + lines).joined(separator: "\n")
    }

    /// One line with type, unit, range, default and spellings.
    fileprivate var signature: String {
        "\(expected). Default: \(defaultValue ?? "unset"). \(flag), \(variable)"
    }
}
