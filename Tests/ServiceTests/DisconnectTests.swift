import Batching
import Dispatch
import Foundation
import HTTPProtocol
import HTTPServer
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("A client that goes", .timeLimit(.minutes(10)))
struct DisconnectTests {
    private static let blockingRows = 2

    /// A service whose first batch ends when the test allows it.
    private func service(_ batches: BatchLog) throws -> InferenceService {
        var configuration = InferenceConfiguration.patient(workers: 1)
        configuration.batching.maxBatchTokens = 1 << 20
        configuration.batching.maxBatchSequences = 4096
        configuration.batching.maxQueueTokens = 1 << 24
        configuration.batching.batchLatencyTarget = .seconds(3600)
        let model = try LoadedModel(directory: ModelFolder.bundled)
        return InferenceService(model: model, configuration: configuration) { batches.add($0.sequences) }
    }

    @Test("while its texts wait drops all of them: by reset, by close, by RST_STREAM")
    func disconnect() async throws {
        let batches = BatchLog()
        let inference = try service(batches)
        var settings = HTTPServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        settings.halfCloseGrace = .milliseconds(20)
        // There is no engine watch, because its probes would be among the batches.
        let handler = ServiceHandler()
        handler.state.update { $0.inference = inference }
        let server = HTTPServer(
            configuration: settings,
            handler: handler,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        guard case .tcp(_, let port)? = try server.start().first else { return #expect(Bool(false)) }
        let length = inference.maxInputLength
        let blocker = Task {
            let inputs = (0..<Self.blockingRows).map { TextInput.ids(Array(repeating: Int32($0), count: length)) }
            return try await inference.embed(inputs, options: EmbedOptions()).value.count
        }
        #expect(await reaches { inference.statistics.busyWorkers == 1 })

        for (count, way) in zip(1..., [Client.reset, Client.close, Client.resetStream]) {
            let texts = (0..<5).map { #""\#(count) \#($0)""# }.joined(separator: ",")
            let client = try Client(port: port)
            client.post(#"{"inputs": [\#(texts)]}"#, asStream: count == 3)
            #expect(await reaches { inference.statistics.waitingSequences == 5 })
            way(client)()
            #expect(await reaches { inference.statistics.waitingSequences == 0 })
            #expect(inference.statistics.cancelledSequences == 5 * count)
        }
        #expect(inference.statistics.busyWorkers == 1, "the engine was free: nothing had to wait")
        batches.release()
        #expect(try await blocker.value == Self.blockingRows)
        #expect(batches.rows == [Self.blockingRows])
        _ = await server.drain(within: .seconds(5))
        await inference.shutDown()
    }

    private func reaches(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<10_000 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return false
    }
}

/// Notes batches, and keeps them from ending until it is released.
private final class BatchLog: Sendable {
    private let log = Mutex<[Int]>([])
    private let gate = DispatchSemaphore(value: 0)

    func add(_ rows: Int) {
        log.withLock { $0.append(rows) }
        gate.wait()
        gate.signal()
    }

    func release() { gate.signal() }

    var rows: [Int] { log.withLock { $0 } }
}

/// A client that sends one request, and disconnects before the answer.
private final class Client {
    private let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { Foundation.close(number) }

    func post(_ body: String, asStream isStream: Bool) {
        guard isStream else {
            let head = "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            return send(Array((head + body).utf8))
        }
        // HPACK: POST and http from the static table, then path and authority as literals.
        let block = [0x83, 0x86, 0x04, 6] + Array("/embed".utf8) + [0x01, 1] + Array("a".utf8)
        send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, flags: 0, stream: 0, [])
                + frame(type: 1, flags: 4, stream: 1, block) + frame(type: 0, flags: 1, stream: 1, Array(body.utf8))
        )
    }

    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdownNow()
    }

    func close() { shutdownNow() }

    func resetStream() { send(frame(type: 3, flags: 0, stream: 1, [0, 0, 0, 8])) }

    /// Closes the connection but keeps the descriptor's number, which `deinit` gives back.
    private func shutdownNow() {
        let spare = open("/dev/null", O_RDONLY)
        dup2(spare, number)
        Foundation.close(spare)
    }

    private func frame(type: UInt8, flags: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }

    private func send(_ bytes: [UInt8]) {
        let sent = bytes.withUnsafeBytes { Foundation.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        #expect(sent == bytes.count)
    }
}
