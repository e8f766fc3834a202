import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite("A server's certificate")
struct TLSContextTests {
    @Test("is refused, with advice, if a file is absent, broken, or of another certificate")
    func faults() throws {
        let (files, others) = (try TestCertificate(), try TestCertificate())
        #expect(throws: TLSError.certificate(path: "/absent", reason: "No such file or directory")) {
            try CertificateStore(certificate: "/absent", key: files.key)
        }
        #expect(throws: TLSError.key(path: "/absent", reason: "No such file or directory")) {
            try CertificateStore(certificate: files.certificate, key: "/absent")
        }
        #expect(throws: TLSError.mismatch(certificate: files.certificate, key: others.key)) {
            try CertificateStore(certificate: files.certificate, key: others.key)
        }
        // A key is no certificate, and a certificate is no key.
        #expect(throws: TLSError.certificate(path: files.key, reason: "no start line")) {
            try CertificateStore(certificate: files.key, key: files.key)
        }
        #expect(throws: TLSError.key(path: files.certificate, reason: "no private key in it")) {
            try CertificateStore(certificate: files.certificate, key: files.certificate)
        }
    }

    @Test("is read again for new sessions, and stays if the new one is broken")
    func reload() throws {
        let files = try TestCertificate()
        let store = try CertificateStore(certificate: files.certificate, key: files.key)
        let first = store.context
        try files.renew(name: "renewed")
        try store.reload()
        let second = store.context
        #expect(second !== first)
        try Data("garbage".utf8).write(to: URL(filePath: files.certificate))
        #expect(throws: TLSError.self) { try store.reload() }
        #expect(store.context === second)
    }

    @Test("has a time of expiry, about two days from now for the certificate of these tests")
    func expiry() throws {
        let files = try TestCertificate()
        let expiry = try #require(try TLSContext.server(certificate: files.certificate, key: files.key).expiry)
        let days = Double(expiry) - Date().timeIntervalSince1970
        #expect((1.9 * 86_400...2.1 * 86_400).contains(days))
        #expect(try TLSContext.client(trusting: .anyone).expiry == nil)
    }
}
