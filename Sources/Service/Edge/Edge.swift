import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import Logging
import TLS

/// The checks between the network and the routes: API keys, web pages that may read answers, content codings, and the
/// certificate. Each part guards its own state.
package struct Edge: Sendable {
    let keys: APIKeys?
    let openRoutes: Set<RouteGroup>
    let crossOrigin: CrossOrigin?
    let coding: ContentCoding
    /// Whether there is a page on which people try the model.
    let showsPlayground: Bool
    let certificates: CertificateStore?

    /// An edge that lets every request in and changes no answer.
    package init() {
        keys = nil
        openRoutes = []
        crossOrigin = nil
        showsPlayground = true
        coding = ContentCoding(minimumBytes: nil, maxBodyBytes: HTTPLimits().maxBodyBytes)
        certificates = nil
    }

    /// Reads the files that the settings name.
    /// - Throws: `ConfigurationError` if a file can't be used.
    ///
    /// - Parameter listedKeys: API keys in addition to those of the file.
    package init(_ configuration: ServiceConfiguration, listedKeys: [String] = []) throws(ConfigurationError) {
        let settings = configuration.edge
        openRoutes = RouteGroup.groups(in: settings.openRoutes) ?? []
        showsPlayground = settings.playground
        coding = ContentCoding(
            minimumBytes: settings.compression ? settings.compressionMinBytes : nil,
            maxBodyBytes: configuration.http.limits.maxBodyBytes
        )
        crossOrigin = settings.corsAllowOrigin.flatMap { CrossOrigin(allowing: $0, maxAge: settings.corsMaxAge) }
        do {
            let hasKeys = settings.apiKeysFile != nil || !listedKeys.isEmpty
            keys = try hasKeys ? APIKeys(path: settings.apiKeysFile, listed: listedKeys) : nil
        } catch {
            throw .unusable("\(error)")
        }
        do {
            if let certificate = settings.tlsCertificate, let key = settings.tlsKey {
                certificates = try CertificateStore(
                    certificate: certificate,
                    key: key,
                    requiresTLS13: settings.tlsMinVersion == .tls13
                )
            } else {
                certificates = nil
            }
        } catch {
            throw .unusable("\(error)")
        }
    }

    /// The keys in a list with commas, as the environment variable has it; an empty list has no keys.
    static func keys(in list: String?) -> [String] {
        guard let list, !list.isEmpty else { return [] }
        return list.pieces(separatedBy: ",").map { String($0.trimmed) }
    }

    // MARK: Requests and answers

    /// Checks the keys in a request's head. If the service has no keys, every request counts as known.
    func judgeKey(of head: HTTPRequest) -> APIKeys.Verdict {
        keys?.judge(head.headerFields) ?? .known
    }

    /// Admits a request if its key is known or its route is open.
    /// - Throws: 401 otherwise.
    func admit(_ head: HTTPRequest, _ key: APIKeys.Verdict) throws(ServiceError) {
        guard key != .known, head.method != .options else { return }
        if let group = RouteGroup(head), openRoutes.contains(group) { return }
        let message: String
        switch key {
        case .known: return
        case .missing: message = "an API key is needed; send it as Authorization: Bearer KEY"
        case .unknown: message = "the API key is not known here"
        }
        var error = ServiceError(401, .unauthenticated, message)
        error.fields[.wwwAuthenticate] = #"Bearer realm="swiftlet""#
        throw error
    }

    /// An answer with the fields that CORS needs, compressed if the client accepts that.
    func finish(_ response: Response, for head: HTTPRequest, isOnLoop: Bool = false) -> Response {
        var response = response
        crossOrigin?.mark(&response, for: head)
        coding.encode(&response, for: head, isOnLoop: isOnLoop)
        return response
    }

    // MARK: Files

    /// Reads keys and certificate again, for new requests and connections. If a file cannot be used, the old keys or
    /// the old certificate stay, and the reason is logged.
    func reload(_ logger: Logger) {
        do {
            try keys?.reload()
            if let path = keys?.path {
                logger.info("API keys read again", metadata: ["file": "\(path)", "keys": "\(keys?.count ?? 0)"])
            }
        } catch {
            logger.error("the API keys stay as they were", metadata: ["error": "\(error)"])
        }
        do {
            try certificates?.reload()
            if let certificates {
                logger.info("certificate read anew", metadata: ["file": "\(certificates.certificate)"])
            }
        } catch {
            logger.error("the certificate stays as it was", metadata: ["error": "\(error)"])
        }
        warn(logger)
    }

    /// A certificate that expires sooner than this causes a warning in the log. Certificates are usually renewed a
    /// month before they expire.
    private static let shortestValidity = 7 * 86_400

    /// Logs warnings about settings that work but should be changed.
    func warn(_ logger: Logger) {
        for (path, what) in [(keys?.path, "API keys"), (certificates?.key, "private key")] {
            guard let path, Self.isReadableByAll(path) else { continue }
            logger.warning(
                "every user of this machine can read the \(what); chmod o-r the file",
                metadata: ["file": "\(path)"]
            )
        }
        if let expiry = certificates?.context.expiry {
            let left = expiry - Int(Date().timeIntervalSince1970)
            guard left < Self.shortestValidity else { return }
            logger.warning(
                left < 0 ? "the certificate has expired" : "the certificate expires soon",
                metadata: ["days_left": "\(left / 86_400)", "file": "\(certificates?.certificate ?? "")"]
            )
        }
    }

    private static func isReadableByAll(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let mode = attributes?[.posixPermissions] as? NSNumber else { return false }
        return mode.intValue & 0o004 != 0
    }
}

extension RouteGroup {
    /// The group of a request; nil for work, and for paths that do not exist. Only GET and HEAD are open, because a
    /// POST to a probe's path may be work.
    init?(_ head: HTTPRequest) {
        guard head.method == .get || head.method == .head else { return nil }
        switch head.routePath {
        case "/metrics": self = .metrics
        case "/info", "/v1/models", "/models", "/v2": self = .info
        case "/docs", "/openapi.json", "/api-doc/openapi.json": self = .docs
        case "/health", "/health/live", "/health/ready", "/health/startup", "/v2/health/live", "/v2/health/ready",
            "/livez", "/readyz", "/startupz", "/healthz", "/ping", "/":
            self = .health
        default: return nil
        }
    }
}
