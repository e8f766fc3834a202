import Foundation

/// A self-signed certificate for localhost with its key, made by the `openssl` program. Both are in a folder that this
/// object removes at its end.
package final class TestCertificate: Sendable {
    /// The reason why there is no certificate.
    package struct Failure: Error {
        package let status: Int32
    }

    private let folder: URL

    /// The path of the certificate.
    package var certificate: String { folder.appending(path: "certificate.pem").path }
    /// The path of the private key.
    package var key: String { folder.appending(path: "key.pem").path }

    /// - Parameter name: The subject's common name. The addresses are always those of localhost.
    package init(name: String = "localhost") throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try renew(name: name)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Puts another certificate and another key at the same paths.
    package func renew(name: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
            + ["-keyout", key, "-out", certificate]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
    }
}
