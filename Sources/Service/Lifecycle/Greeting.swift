import JSON

/// The line that tells somebody at a terminal what is served, where, and how to try it.
struct Greeting {
    /// The line, without its end.
    let text: String

    /// A greeting.
    ///
    /// - Parameter addresses: what the service listens on: `host:port`, or the path of a socket.
    init(_ model: String, at addresses: [String], _ edge: EdgeSettings) {
        let scheme = edge.tlsCertificate == nil ? "http" : "https"
        let urls = addresses.filter { !$0.begins(with: "/") && !$0.begins(with: "unix:") }.map { address in
            // A browser cannot open the address that stands for all of the machine's addresses.
            let everywhere = ["0.0.0.0:", "[::]:"].first { address.begins(with: $0) }
            return "\(scheme)://" + (everywhere.map { "localhost:\(address.dropFirst($0.count))" } ?? address)
        }
        var text = "\(model) is served at \((urls.isEmpty ? addresses : urls).joined(separator: " and "))"
        if edge.playground, let first = urls.first { text += ", try it at \(first)/playground" }
        self.text = text + ". Ctrl-C stops it."
    }
}
