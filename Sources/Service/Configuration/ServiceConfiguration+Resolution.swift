extension ServiceConfiguration {
    /// Resolves the settings of a run: flag over environment over file over default.
    ///
    /// - Parameters:
    ///   - flags: the command line's words that are settings, in order.
    ///   - environment: the process's variables; those that begin with `SWIFTLET_` are looked at.
    ///   - file: path of a YAML file; nil: `SWIFTLET_CONFIG`, else none.
    /// - Throws: what is wrong with any of them. A wrong value is refused even where another source overrides it.
    package static func resolve(
        flags: [String],
        environment: [String: String],
        file: String? = nil
    ) throws(ConfigurationError) -> ServiceConfiguration {
        let path = file ?? environment[SettingsEnvironment.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        var settings: [Setting] = []
        if let path { settings += try SettingsFile.read(path: path) }
        settings += try SettingsEnvironment.parse(environment)
        settings += try SettingsFlags.parse(flags)
        var configuration = ServiceConfiguration()
        for setting in settings { try setting.apply(to: &configuration) }
        try configuration.checkTogether()
        return configuration
    }

    /// Refuses settings that are right one by one but cannot hold together.
    func checkTogether() throws(ConfigurationError) {
        guard listensOnTCP || unixSocket != nil else {
            throw .contradiction("host is \"\(Self.noHost)\" and unix_socket is not set: there is nothing to listen on")
        }
        guard defaultPrompt == nil || defaultPromptName == nil else {
            throw .contradiction("default_prompt and default_prompt_name are both set: there is one default")
        }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw .contradiction("tls_certificate and tls_key belong together: set both, or neither")
        }
        guard tlsCertificate == nil || listensOnTCP else {
            throw .contradiction("tls_certificate is set and host is \"\(Self.noHost)\": unix sockets do not speak TLS")
        }
        if let conflict = engine.conflict { throw .contradiction(conflict) }
        guard maxQueueTokens >= maxBatchTokens else {
            throw .contradiction(
                "max_queue_tokens (\(maxQueueTokens)) is below max_batch_tokens (\(maxBatchTokens)): "
                    + "the queue could never hold one full batch"
            )
        }
        guard maxHeldRows >= maxClientBatchSize else {
            throw .contradiction(
                "max_held_rows (\(maxHeldRows)) is below max_client_batch_size (\(maxClientBatchSize)): "
                    + "the largest request could only be taken in alone"
            )
        }
        guard maxOutboundBytes >= maxOutboundBytesPerConnection else {
            throw .contradiction(
                "max_outbound_bytes (\(maxOutboundBytes)) is below max_outbound_bytes_per_connection "
                    + "(\(maxOutboundBytesPerConnection))"
            )
        }
        guard maxInboundBytes >= maxBodyBytes else {
            throw .contradiction("max_inbound_bytes (\(maxInboundBytes)) is below max_body_bytes (\(maxBodyBytes))")
        }
        guard maxTokenVectorsHeld >= maxTokenVectorsPerRequest else {
            throw .contradiction(
                "max_token_vectors_held (\(maxTokenVectorsHeld)) is below max_token_vectors_per_request "
                    + "(\(maxTokenVectorsPerRequest))"
            )
        }
    }
}
