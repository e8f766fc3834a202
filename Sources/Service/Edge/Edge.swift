import Foundation
import HTTPServer
import HTTPTypes
import Logging
import TLS

/// What stands between the network and every route: who is let in, which pages may read answers, how bodies are coded,
/// and the certificate. Its parts guard themselves.
package struct Edge: Sendable {
    /// The variable that lists API keys. It is no setting: `--print-config` shows those, and `ps` shows flags.
    package static let keysVariable = ConfigurationKey.variablePrefix + "API_KEYS"

    let keys: APIKeys?
    let openRoutes: Set<RouteGroup>
    let crossOrigin: CrossOrigin?
    let coding: ContentCoding
    let certificates: CertificateStore?

    /// Nobody is kept out, and nothing is changed.
    package init() {
        keys = nil
        openRoutes = []
        crossOrigin = nil
        coding = ContentCoding(minimumBytes: nil, maxBodyBytes: ServiceConfiguration().maxBodyBytes)
        certificates = nil
    }

    /// Reads the files that the settings name.
    /// - Throws: `ConfigurationError` where one can't be used.
    ///
    /// - Parameter listedKeys: API keys beside those of the file.
    package init(_ settings: ServiceConfiguration, listedKeys: [String] = []) throws(ConfigurationError) {
        openRoutes = RouteGroup.groups(in: settings.apiKeyOpenRoutes) ?? []
        coding = ContentCoding(
            minimumBytes: settings.compression ? settings.compressionMinBytes : nil,
            maxBodyBytes: settings.maxBodyBytes
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

    /// The keys of a list with commas, as the environment has it; an empty one is none.
    static func keys(in list: String?) -> [String] {
        guard let list, !list.isEmpty else { return [] }
        return list.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
    }

    // MARK: Requests and answers

    /// Whether a request shows a key that is known, or none is needed for anything.
    func knows(_ head: HTTPRequest) -> Bool {
        guard let keys else { return true }
        return keys.judge(head.headerFields) == .known
    }

    /// Lets a request in by its head, or not.
    /// - Throws: 401.
    func admit(_ head: HTTPRequest) throws(ServiceError) {
        guard let keys, head.method != .options else { return }
        if let group = RouteGroup(head), openRoutes.contains(group) { return }
        let message: String
        switch keys.judge(head.headerFields) {
        case .known: return
        case .missing: message = "an API key is needed; send it as Authorization: Bearer KEY"
        case .unknown: message = "the API key is not known here"
        }
        var error = ServiceError(401, .unauthenticated, message)
        error.fields[.wwwAuthenticate] = #"Bearer realm="swiftlet""#
        throw error
    }

    /// An answer as it leaves.
    func finish(_ response: Response, for head: HTTPRequest, isOnLoop: Bool = false) -> Response {
        var response = response
        crossOrigin?.mark(&response, for: head)
        coding.encode(&response, for: head, isOnLoop: isOnLoop)
        return response
    }

    // MARK: Files

    /// Reads keys and certificate anew, for what comes from now on. What can't be used stays as it was, and is logged.
    func reload(_ logger: Logger) {
        do {
            try keys?.reload()
            if let path = keys?.path {
                logger.info("API keys read anew", metadata: ["file": "\(path)", "keys": "\(keys?.count ?? 0)"])
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

    /// A certificate that ends sooner is warned of: those of today's authorities are renewed a month before.
    private static let shortestValidity = 7 * 86_400

    /// Tells of what works but should not stay so.
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
