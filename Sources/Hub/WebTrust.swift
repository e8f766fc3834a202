import Foundation

/// Which authorities' certificates are trusted.
package enum WebTrust {
    /// Has URLSession trust the file that other programs are told of. It has a variable of its own, which it reads
    /// before its first connection. To be called while there is one thread: it changes the environment.
    package static func prepareEnvironment() {
        let variables = ProcessInfo.processInfo.environment
        let files = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].compactMap { variables[$0] }
        guard let file = files.first(where: { !$0.isEmpty }) else { return }
        unsafe setenv("URLSessionCertificateAuthorityInfoFile", file, 0)
    }
}
