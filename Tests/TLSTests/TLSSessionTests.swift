import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite("A TLS session")
struct TLSSessionTests {
    @Test("carries bytes both ways, and each side's end by itself")
    func bothWays() throws {
        let files = try TestCertificate()
        let pair = try SessionPair(
            client: .client(trusting: .file(files.certificate)),
            server: .server(certificate: files.certificate, key: files.key)
        )
        #expect(pair.shakeHands() == (.done(isHTTP2: false), .done(isHTTP2: false)))
        #expect(pair.server.receiveNothing() == .blocked)
        #expect(pair.client.send("question") == .bytes(8))
        #expect(pair.client.finishSending() == .bytes(0))
        #expect(pair.server.text() == "question")
        #expect(pair.server.receiveNothing() == .end)
        #expect(pair.server.send("answer") == .bytes(6))
        #expect(pair.client.text() == "answer")
    }

    @Test("blocks when the peer does not read, and goes on with the same bytes")
    func backpressure() throws {
        let files = try TestCertificate()
        let pair = try SessionPair(
            client: .client(trusting: .anyone),
            server: .server(certificate: files.certificate, key: files.key)
        )
        _ = pair.shakeHands()
        let bytes = [UInt8](repeating: 7, count: 4 * 1024 * 1024)
        var (sent, received, blocks) = (0, 0, 0)
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while received < bytes.count {
            while sent < bytes.count {
                // The bytes come from another address each time, like the rest of an answer.
                let rest = Array(bytes[sent...])
                guard case .bytes(let count) = pair.server.send(rest.span) else { break }
                sent += count
            }
            blocks += 1
            var room = buffer.mutableSpan
            while case .bytes(let count) = pair.client.receive(into: &room) { received += count }
        }
        #expect(received == bytes.count)
        #expect(blocks > 1)
    }

    @Test("gathers all records that have come in one read, and tells the end with the next")
    func gathering() throws {
        let files = try TestCertificate()
        let pair = try SessionPair(
            client: .client(trusting: .anyone),
            server: .server(certificate: files.certificate, key: files.key)
        )
        _ = pair.shakeHands()
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        func gather() -> TLSSession.Moved {
            var room = buffer.mutableSpan
            return pair.server.gather(into: &room, atMost: 20_000)
        }
        #expect(gather() == .blocked)
        let long = String(repeating: "x", count: 16_000)
        for text in ["one", long, long, "three"] { #expect(pair.client.send(text) == .bytes(text.utf8.count)) }
        var received = ""
        repeat {
            guard case .bytes(let count) = gather() else { break }
            received += String(decoding: buffer.prefix(count), as: UTF8.self)
        } while pair.server.mayReceive
        #expect(received == "one" + long + long + "three")
        #expect(gather() == .blocked && !pair.server.mayReceive)
        _ = pair.client.send("last")
        _ = pair.client.finishSending()
        #expect(gather() == .bytes(4) && pair.server.mayReceive)
        #expect(gather() == .end)
    }

    @Test("ends when the peer closes without close_notify")
    func truncation() throws {
        let files = try TestCertificate()
        let pair = try SessionPair(
            client: .client(trusting: .anyone),
            server: .server(certificate: files.certificate, key: files.key)
        )
        _ = pair.shakeHands()
        pair.cutClient()
        #expect(pair.server.receiveNothing() == .end)
    }

    @Test("is refused by a client that does not trust the certificate, or wants another name")
    func verification() throws {
        let (files, others) = (try TestCertificate(), try TestCertificate())
        let server = try TLSContext.server(certificate: files.certificate, key: files.key)
        let stranger = try SessionPair(client: .client(trusting: .file(others.certificate)), server: server)
        guard case .failed(let reason) = stranger.shakeHands().client else {
            Issue.record("a certificate that nobody vouches for was taken")
            return
        }
        #expect(reason.contains("certificate"))
        let trusting = try TLSContext.client(trusting: .file(files.certificate))
        let misnamed = try SessionPair(client: trusting, server: server, serverName: "example.org")
        #expect(misnamed.shakeHands().client == .failed(reason: "hostname mismatch"))
        let byAddress = try SessionPair(client: trusting, server: server, serverName: "127.0.0.1")
        #expect(byAddress.shakeHands().client == .done(isHTTP2: false))
        let otherAddress = try SessionPair(client: trusting, server: server, serverName: "127.0.0.2")
        #expect(otherAddress.shakeHands().client == .failed(reason: "IP address mismatch"))
    }
}
