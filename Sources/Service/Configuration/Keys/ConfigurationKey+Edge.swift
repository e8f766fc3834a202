extension ConfigurationKey {
    static let security: [ConfigurationKey] = [
        .text(
            "tls_certificate",
            \.tlsCertificate,
            type: "path",
            """
            Certificates (PEM), the server's own first, then those that signed it. With tls_key it makes the port \
            speak TLS, and nothing else; a unix socket stays plain. SIGHUP reads both files anew. Unset: plain HTTP.
            """
        ),
        .text(
            "tls_key",
            \.tlsKey,
            type: "path",
            """
            The private key of tls_certificate (PEM, without a passphrase), readable by this user and no other. An \
            elliptic curve's key (P-256) costs a twentieth of the CPU time of RSA in each handshake.
            """
        ),
        .choice(
            "tls_min_version",
            \.tlsMinVersion,
            "Oldest version of TLS that is spoken. 1.3 shuts out clients from before 2018 or so."
        ),
        .text(
            "api_keys_file",
            \.apiKeysFile,
            type: "path",
            """
            Keys of which a client must show one (Authorization: Bearer KEY, api-key or x-api-key), a key a line, # \
            begins a comment. SIGHUP reads it anew. Further keys may stand in the variable SWIFTLET_API_KEYS, with \
            commas between them. Neither: whoever reaches the port is served.
            """
        ),
        .text(
            "api_key_open_routes",
            \.apiKeyOpenRoutes,
            type: openRoutesType,
            """
            What is answered without a key where there are keys. health are the probes, for orchestrators; metrics is \
            /metrics; info names the model; docs describe the interface. Everything else needs a key.
            """,
            isValid: { RouteGroup.groups(in: $0) != nil }
        ),
        .text(
            "cors_allow_origin",
            \.corsAllowOrigin,
            type: "* or origins (https://example.org) with commas",
            """
            Web pages that may call the service from a browser, by their origin; * allows all of them. Unset: none, \
            and no answer says anything about it. What is no browser does not care.
            """,
            isValid: { CrossOrigin(allowing: $0, maxAge: .zero) != nil }
        ),
        .seconds(
            "cors_max_age",
            \.corsMaxAge,
            in: .zero...Duration.seconds(86400),
            "For a browser to remember what a page may do, before it asks again. Browsers cap it at two hours or so."
        ),
        .boolean(
            "compression",
            \.compression,
            """
            Whether answers in text form are sent as gzip to clients that take it (Accept-Encoding). It more than \
            halves JSON, and costs CPU time that the engine could use: false where clients are near. Requests may be \
            gzip or deflate whatever stands here.
            """
        ),
        .integer(
            "compression_min_bytes",
            \.compressionMinBytes,
            unit: "bytes",
            in: 0...1_073_741_824,
            "Size from which an answer is compressed. What fits one packet arrives no sooner for being smaller."
        ),
    ]

    private static let openRoutesType =
        "none|" + RouteGroup.allCases.map(\.rawValue).joined(separator: "|") + ", several with commas"
}
