import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    @Suite struct PassedDescriptorTests {
        @Test("descriptors that a local client passes are closed, and the bytes behind them are read")
        func passed() async throws {
            let path = NSTemporaryDirectory() + "swiftlet-passed-\(UUID().uuidString.prefix(8)).sock"
            let handler = TestHandler(atOnce: { request in
                // The loop is busy for a while, so that it finds both parts of the other client's request at once.
                if request.head.path == "/slow" { usleep(100_000) }
                return Response.text("done")
            })
            let server = try TestServer(handler) {
                $0.addresses = [.unix(path: path)]
                $0.eventLoops = 1
            }
            try await onThread {
                let client = try RawClient(path: path)
                client.get("/")
                try #expect(client.response().status == 200)
                let slow = try RawClient(path: path)
                slow.get("/slow")
                usleep(20_000)
                let descriptor = try PassedDescriptor()
                let isSent = descriptor.send("GET / HTTP/1.1\r\nHost: test\r\n", over: client.number)
                #expect(isSent)
                // The read of the first part ends behind the descriptor, though this part waits already.
                client.send("\r\n")
                try #expect(client.response().status == 200)
                #expect(descriptor.isGone())
                try #expect(slow.response().status == 200)
            }
            await server.stop()
        }
    }
}
