import ArgumentParser
import Inference
import JSON
import ModelFiles

/// The form of a file of vectors.
enum VectorFormat: String, CaseIterable, ExpressibleByArgument {
    /// NumPy's format: a float32 matrix with a row for each text.
    case npy
    /// JSON Lines: an object for each text, as on standard output.
    case jsonl
    /// Comma-separated values: a line of names; then, for each text, its number and the components of its vector.
    case csv

    /// The format for a file's ending; nil for an unknown ending.
    init?(path: String) {
        guard let ending = path.pieces(separatedBy: "/").last?.pieces(separatedBy: ".").last?.lowercased() else {
            return nil
        }
        self.init(rawValue: ending)
    }

    /// The header before the vectors. Its length depends on the number of columns only.
    func header(rows: Int, columns: Int) -> [UInt8] {
        switch self {
        case .npy: NumpyFile.float32Header(rows: rows, columns: columns)
        case .jsonl: []
        case .csv: Array((["index"] + (0..<columns).map { "d\($0)" }).joined(separator: ",").utf8) + [0x0A]
        }
    }

    /// Adds a text's vector.
    func append(_ vector: [Float], index: Int, to bytes: inout [UInt8]) {
        switch self {
        case .npy: bytes.append(littleEndian: vector)
        case .jsonl:
            var writer = JSONWriter(reservingBytes: 16 * vector.count)
            writer.object { writer in
                writer.key("index")
                writer.integer(index)
                writer.key("embedding")
                writer.numbers(vector)
            }
            bytes += writer.bytes
            bytes.append(0x0A)
        case .csv:
            var writer = JSONWriter(reservingBytes: 16 * vector.count)
            writer.numbers(vector)
            bytes += "\(index),".utf8
            // The numbers are written as in JSON, without the brackets.
            bytes += writer.bytes.dropFirst().dropLast()
            bytes.append(0x0A)
        }
    }
}
