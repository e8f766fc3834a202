import Batching
import Encoder
import HTTPProtocol
import HTTPServer
import Inference
import JSON

/// One value as it was written, before it is checked.
struct Setting: Sendable {
    let key: ConfigurationKey
    /// The setting's former name, if the setting was written by that name; else nil.
    var formerName: String?
    let value: String
    let source: ConfigurationSource

    /// Writes the value into `configuration`, or throws an error that says why the value is wrong.
    func apply(to configuration: inout ServiceConfiguration) throws(ConfigurationError) {
        guard key.write(&configuration, value) else {
            throw .invalidValue(key: formerName ?? key.name, value: value, source: source, expected: key.expected)
        }
        guard let formerName else { return }
        configuration.warnings.append(
            "\(source): the setting \(formerName) is named \(key.name) now; the former name works in this release only"
        )
    }
}

extension ServiceConfiguration {
    /// Resolves the settings of a run: flag over environment over file over default.
    ///
    /// - Parameters:
    ///   - flags: the command line's words that are settings, in order.
    ///   - environment: the process's variables; those that begin with `SWIFTLET_` are read.
    ///   - file: path of a YAML file; nil: `SWIFTLET_CONFIG`, else none.
    /// - Throws: an error for a wrong value, even if another source overrides that value.
    package static func resolve(
        flags: [String],
        environment: [String: String],
        file: String? = nil
    ) throws(ConfigurationError) -> ServiceConfiguration {
        let path = file ?? environment[SettingsEnvironment.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        var sources: [[Setting]] = []
        if let path { sources.append(try SettingsFile.read(path: path)) }
        sources.append(try SettingsEnvironment.parse(environment))
        for settings in sources { try refuseTwoValues(settings) }
        sources.append(try SettingsFlags.parse(flags))
        var configuration = ServiceConfiguration()
        // The former names by which settings were given, by the present ones.
        var formerNames: [String: String] = [:]
        for setting in sources.joined() {
            try setting.apply(to: &configuration)
            formerNames[setting.key.name] = setting.formerName
        }
        try configuration.checkTogether(formerNames)
        return configuration
    }

    /// Refuses a file or an environment that gives a setting one value by its name and another value by its former
    /// name. If both are flags, the last one wins, as for any repeated flag.
    private static func refuseTwoValues(_ settings: [Setting]) throws(ConfigurationError) {
        var seen: [String: Setting] = [:]
        for setting in settings {
            guard let other = seen.updateValue(setting, forKey: setting.key.name), !other.value.equals(setting.value)
            else {
                continue
            }
            let former = setting.formerName ?? other.formerName ?? setting.key.name
            throw .contradiction(
                "\(other.source) and \(setting.source) give \(setting.key.name), formerly \(former), two values: "
                    + "remove \(former)"
            )
        }
    }

    /// The settings of which 0 is no number of bytes: the limit follows from something else.
    private static let unlimitedByZero: Set = ["memory_budget", "max_outbound_bytes", "max_inbound_bytes"]

    private func checkStatusPort() throws(ConfigurationError) {
        guard let port = listen.statusPort else {
            guard let host = listen.statusHost else { return }
            throw .contradiction("status_host is \"\(host)\" and status_port is not set: set both, or neither")
        }
        guard (listen.statusHost ?? listen.host) != ListenSettings.noHost else {
            throw .contradiction("status_port is \(port) without an address to listen on; name one with status_host")
        }
        guard listen.addresses.allSatisfy({ $0 != listen.statusAddress }) else {
            throw .contradiction("status_port and port are both \(port); choose another for one of them")
        }
    }

    /// Refuses settings that are valid one by one but contradict each other.
    ///
    /// - Parameter formerNames: the former names by which settings were given, by the present ones.
    func checkTogether(_ formerNames: [String: String] = [:]) throws(ConfigurationError) {
        guard listen.listensOnTCP || listen.unixSocket != nil else {
            throw .contradiction(
                "host is \"\(ListenSettings.noHost)\" and unix_socket is not set: there is nothing to listen on"
            )
        }
        try checkStatusPort()
        guard inference.defaultPrompt == nil || model.defaultPromptName == nil else {
            throw .contradiction("default_prompt and default_prompt_name are both set; set only one of them")
        }
        guard (edge.tlsCertificate == nil) == (edge.tlsKey == nil) else {
            throw .contradiction("tls_certificate and tls_key belong together: set both, or neither")
        }
        guard edge.tlsCertificate == nil || listen.listensOnTCP else {
            throw .contradiction(
                "tls_certificate is set and host is \"\(ListenSettings.noHost)\": unix sockets do not speak TLS"
            )
        }
        if let conflict = model.compute.conflict { throw .contradiction(conflict) }
        let batching = inference.batching
        let ordered: [(name: String, value: Int, lower: String, lowerValue: Int, reason: String)] = [
            (
                "max_queue_tokens", batching.maxQueueTokens, "max_batch_tokens", batching.maxBatchTokens,
                ": the queue could never hold one full batch"
            ),
            (
                "max_held_texts", batching.maxHeldSequences, "max_client_batch_size", inference.maxClientBatchSize,
                ": the largest request could only be admitted alone"
            ),
            (
                "max_outbound_bytes", http.maxOutboundBytes, "max_outbound_bytes_per_connection",
                http.maxOutboundBytesPerConnection, ""
            ),
            ("memory_budget", http.memoryBudget, "max_body_bytes", http.limits.maxBodyBytes, ""),
            ("max_inbound_bytes", http.maxInboundBytes, "max_body_bytes", http.limits.maxBodyBytes, ""),
            (
                "max_token_vectors_held", inference.maxTokenVectorsHeld, "max_token_vectors_per_request",
                inference.maxTokenVectorsPerRequest, ""
            ),
        ]
        for (name, value, lower, lowerValue, reason) in ordered
        where value < lowerValue && !(value == 0 && Self.unlimitedByZero.contains(name)) {
            let names = [name, lower].map { formerNames[$0] ?? $0 }
            throw .contradiction("\(names[0]) (\(value)) is below \(names[1]) (\(lowerValue))\(reason)")
        }
    }
}
