extension ConfigurationKey {
    static let network: [ConfigurationKey] = [
        .text(
            "host",
            \.host,
            """
            Address or name to listen on. The default is reachable from this machine only; 0.0.0.0 takes connections \
            on every IPv4 address, :: on every IPv6 and IPv4 address, none opens no TCP socket (unix_socket must be \
            set then). Without api_keys_file whoever reaches it is served: open it only to a network that you trust.
            """
        ),
        .integer(
            "port",
            \.port,
            unit: "TCP port",
            in: 0...65535,
            "Port to listen on. 0: the system chooses a free one, and the log says which."
        ),
        .text(
            "unix_socket",
            \.unixSocket,
            type: "path",
            "Path of a unix socket to listen on besides host and port. Unset: none."
        ),
        .integer(
            "backlog",
            \.backlog,
            unit: "connections",
            in: 1...65535,
            """
            Connections that the kernel holds ready before they are accepted; it lowers the number to \
            net.core.somaxconn. Raise it if clients that connect all at once see resets or long connection times.
            """
        ),
    ]
}
