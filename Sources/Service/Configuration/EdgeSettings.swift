import JSON

/// The settings of the checks between the network and the routes: TLS, API keys, browsers and compression.
package struct EdgeSettings: Sendable {
    /// Certificates of the TCP port (PEM); nil: the port speaks plain HTTP.
    package var tlsCertificate: String?
    /// The certificate's private key.
    package var tlsKey: String?
    /// Oldest version of TLS that is accepted.
    package var tlsMinVersion: TLSVersion = .tls12
    /// File of API keys; nil: only the keys of the environment count.
    package var apiKeysFile: String?
    /// Routes that need no key: ``RouteGroup``s with commas, or `none`.
    package var openRoutes = RouteGroup.health.rawValue
    /// Origins of web pages that may call the service, as ``AllowedOrigins`` reads them; nil: none.
    package var corsAllowOrigin: String?
    /// How long a browser may remember a page's permissions.
    package var corsMaxAge: Duration = .seconds(7200)
    /// Whether there is a page on which people try the model.
    package var playground = true
    /// Whether answers are compressed.
    package var compression = true
    /// Smallest answer in bytes that is compressed. 1,400 bytes and the header fields fit one packet of most networks.
    package var compressionMinBytes = 1400
}

/// The choices for the oldest accepted version of TLS.
package enum TLSVersion: String, Sendable, CaseIterable {
    /// TLS 1.2, with forward secrecy and AEAD ciphers only.
    case tls12 = "1.2"
    /// TLS 1.3.
    case tls13 = "1.3"
}

/// Groups of routes that may be open to clients without a key: requests about the service itself, not work.
package enum RouteGroup: String, CaseIterable, Sendable {
    /// Probes: orchestrators send no keys.
    case health
    case metrics
    case info
    case docs

    /// The groups that a list with commas names; "none" names no group. Nil if the list names anything else.
    static func groups(in list: String) -> Set<RouteGroup>? {
        let names = list.pieces(separatedBy: ",").map { String($0.trimmed) }
        guard names != ["none"] else { return [] }
        let groups = names.compactMap(RouteGroup.init(rawValue:))
        return groups.count == names.count ? Set(groups) : nil
    }
}

/// The origins of the web pages that may read answers (CORS).
enum AllowedOrigins: Sendable, Equatable {
    /// Every page.
    case any
    /// The pages of these origins, in lower case.
    case listed(Set<String>)

    /// - Parameter list: `*`, or origins with commas between them; nil when one is malformed.
    init?(_ list: String) {
        let elements = list.pieces(separatedBy: ",").map { $0.trimmed.lowercased() }
        if elements == ["*"] {
            self = .any
        } else {
            guard elements.allSatisfy(Self.isOrigin) else { return nil }
            self = .listed(Set(elements))
        }
    }

    /// `scheme://host[:port]`, as browsers write it, with nothing behind it; or `null`, the origin of local files.
    private static func isOrigin(_ text: String) -> Bool {
        text == "null" || text.wholeMatch(of: /[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~%\[\]:-]+/) != nil
    }
}

extension Substring {
    /// The text without spaces and tabs at either end.
    var trimmed: Substring { trimmed { $0 == " " || $0 == "\t" } }
}
