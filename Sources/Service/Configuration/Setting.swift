/// One value as somebody wrote it, before it is checked.
struct Setting: Sendable {
    let key: ConfigurationKey
    let value: String
    let source: ConfigurationSource

    /// Writes the value into `configuration`, or says what is wrong with it.
    func apply(to configuration: inout ServiceConfiguration) throws(ConfigurationError) {
        guard key.write(&configuration, value) else {
            throw .invalidValue(key: key.name, value: value, source: source, expected: key.expected)
        }
    }
}
