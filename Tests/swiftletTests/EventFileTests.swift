import Foundation
import Testing
import Training

@testable import swiftlet

@Suite("TensorBoard's event files")
struct EventFileTests {
    private static let fixtures = Program.root.appending(path: "Tests/Fixtures/tensorboard")

    @Test("have the bytes that the tensorboard package writes")
    func bytes() throws {
        let data = try Data(contentsOf: Self.fixtures.appending(path: "events.json"))
        let facts = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let time = try #require(facts["time"] as? Double)
        var bytes = EventRecord.version(time: time)
        bytes += EventRecord.start(time: time, step: try #require(facts["session_start"] as? Int))
        let scalars = try #require(facts["scalars"] as? [[String: Any]])
        #expect(scalars.count == 4)
        for scalar in scalars {
            let tag = try #require(scalar["tag"] as? String)
            let value = try #require(scalar["value"] as? Double)
            bytes += EventRecord.scalars([(tag, value)], time: time, step: try #require(scalar["step"] as? Int))
        }
        #expect(bytes == [UInt8](try Data(contentsOf: Self.fixtures.appending(path: "events.bin"))))
    }

    @Test("have the checksums of RFC 3720")
    func checksums() {
        #expect(CRC32C.checksum(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        #expect(CRC32C.checksum([]) == 0)
    }

    @Test("name values as transformers does, and one that goes on says from which step")
    func tags() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-events-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try EventFile(in: folder.path, step: 8, time: 5)
        try file.append(LogEntry(step: 8, epoch: 2, values: ["eval_loss": 0.5]), time: 6)
        try file.append(LogEntry(step: 9, epoch: 2.5, values: ["loss": 0.25, "grad_norm": 1]), time: 7)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
        #expect(name.hasPrefix("events.out.tfevents."))
        let expected =
            EventRecord.version(time: 5) + EventRecord.start(time: 5, step: 8)
            + EventRecord.scalars([("train/epoch", 2), ("eval/loss", 0.5)], time: 6, step: 8)
            + EventRecord.scalars(
                [("train/epoch", 2.5), ("train/grad_norm", 1), ("train/loss", 0.25)],
                time: 7,
                step: 9
            )
        #expect([UInt8](try Data(contentsOf: folder.appending(path: name))) == expected)
    }
}
