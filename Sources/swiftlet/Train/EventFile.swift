import Foundation
import JSON
import ModelFiles
import Training

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An event file of TensorBoard with a run's log, under the tags that transformers' TensorBoardCallback gives them.
///
/// TensorBoard reads all event files of a folder. A run that goes on begins another file, which says from which step on
/// the events of files before it do not count.
struct EventFile: ~Copyable {
    /// Below the output folder.
    static let folder = "runs"

    private let file: OutputFile

    /// Creates the file.
    ///
    /// - Parameter step: the first step that the file counts.
    /// - Throws: `writeFailed`.
    init(in directory: String, step: Int, time: Double = Self.now) throws(CommandError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .writeFailed(reason: "\(directory): \(SystemError.text(error))")
        }
        let name = "events.out.tfevents.\(Int(time)).\(ProcessInfo.processInfo.hostName).\(getpid())"
        file = try Self.begun("\(directory)/\(name)", time: time, step: step)
    }

    private static func begun(_ path: String, time: Double, step: Int) throws(CommandError) -> OutputFile {
        let file = try OutputFile(path: path)
        try file.truncate(to: 0)
        try file.write(EventRecord.version(time: time) + (step > 1 ? EventRecord.start(time: time, step: step) : []))
        return file
    }

    static var now: Double { Date().timeIntervalSince1970 }

    /// Adds an entry of the log.
    ///
    /// - Throws: `writeFailed`.
    func append(_ entry: LogEntry, time: Double = Self.now) throws(CommandError) {
        let values = entry.values.merging(["epoch": entry.epoch]) { value, _ in value }.sorted { $0.key < $1.key }
        try file.write(EventRecord.scalars(values.map { (Self.tag($0.key), $0.value) }, time: time, step: entry.step))
    }

    /// `eval_loss` is `eval/loss`, and `loss` is `train/loss`.
    private static func tag(_ name: String) -> String {
        name.rest(after: "eval_").map { "eval/\($0)" } ?? "train/\(name)"
    }
}

/// Records of an event file: TensorFlow's TFRecords of the message `Event` (tensorflow/core/util/event.proto).
enum EventRecord {
    /// The first record, with the version of the format.
    static func version(time: Double) -> [UInt8] {
        var event = event(time: time)
        event.bytes(3, Array("brain.Event:2".utf8))
        return record(event.encoded)
    }

    /// A record after which earlier events from this step on do not count: `SessionLog` with `START`.
    static func start(time: Double, step: Int) -> [UInt8] {
        var (event, log) = (event(time: time, step: step), ProtobufMessage())
        log.varint(1, 1)
        event.bytes(7, log.encoded)
        return record(event.encoded)
    }

    /// A record for each value: `Summary` with one `Value` of tag and `simple_value`.
    static func scalars(_ values: [(tag: String, value: Double)], time: Double, step: Int) -> [UInt8] {
        values.flatMap { tag, number in
            var (event, summary, value) = (event(time: time, step: step), ProtobufMessage(), ProtobufMessage())
            value.bytes(1, Array(tag.utf8))
            value.float(2, Float(number))
            summary.bytes(1, value.encoded)
            event.bytes(5, summary.encoded)
            return record(event.encoded)
        }
    }

    private static func event(time: Double, step: Int = 0) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.double(1, time)
        if step > 0 { event.varint(2, UInt64(step)) }
        return event
    }

    /// Length, its checksum, the data, and their checksum.
    private static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.masked(length)) + data + littleEndian(CRC32C.masked(data))
    }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: 0, to: value.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// Writes fields in the encoding of protocol buffers (protobuf.dev/programming-guides/encoding).
struct ProtobufMessage {
    private(set) var encoded: [UInt8] = []

    mutating func varint(_ field: Int, _ value: UInt64) {
        append(UInt64(field) << 3)
        append(value)
    }

    mutating func double(_ field: Int, _ value: Double) {
        append(UInt64(field) << 3 | 1)
        encoded += littleEndian(value.bitPattern)
    }

    mutating func bytes(_ field: Int, _ value: [UInt8]) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(value.count))
        encoded += value
    }

    mutating func float(_ field: Int, _ value: Float) {
        append(UInt64(field) << 3 | 5)
        encoded += littleEndian(value.bitPattern)
    }

    private mutating func append(_ varint: UInt64) {
        var rest = varint
        while rest > 0x7F {
            encoded.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        encoded.append(UInt8(rest))
    }
}

/// The checksum of Castagnoli's polynomial (RFC 3720, appendix B.4), as TFRecords have it.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
    }

    /// Rotated and moved, so that data with checksums inside have checksums that differ from these.
    static func masked(_ bytes: [UInt8]) -> UInt32 {
        let crc = checksum(bytes)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }
}
