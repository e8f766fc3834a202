extension ConfigurationKey {
    /// The list of all settings for `swiftlet serve --help`: flag, type, default, and the first sentence of the effect.
    package static var help: String {
        sections.map { section in
            ([section.title.uppercased()] + section.keys.map(\.helpEntry)).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private var helpEntry: String {
        let details = [unit, range, defaultValue.map { "default \($0)" }].compactMap(\.self).joined(separator: ", ")
        let summary = effect.split(separator: ". ").first.map(String.init) ?? effect
        let ended = summary.hasSuffix(".") ? summary : summary + "."
        let lines = ServiceConfiguration.wrap(ended, width: 70).map { "        " + $0 }
        let head = "  \(flag) <\(type)>" + (details.isEmpty ? "" : "  (\(details))")
        return ([head] + lines).joined(separator: "\n")
    }
}
