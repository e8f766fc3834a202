import ArgumentParser
import JSON
import Service

/// The form of a file of vectors.
enum VectorFormat: String, CaseIterable, ExpressibleByArgument {
    /// NumPy's: a matrix of float32, a row for each text.
    case npy
    /// JSON Lines: an object for each text, as on standard output.
    case jsonl
    /// Comma-separated values: the text's number, then the vector's, below a line of names.
    case csv

    /// What a file's ending says; nil where it says nothing that is known.
    init?(path: String) {
        guard let ending = path.split(separator: "/").last?.split(separator: ".").last?.lowercased() else { return nil }
        self.init(rawValue: ending)
    }

    /// What stands before the vectors. Of a given number of columns it has always the same length.
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
        case .npy:
            for number in vector {
                unsafe withUnsafeBytes(of: number.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
            }
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
            // The numbers are JSON's, without its brackets.
            bytes += writer.bytes.dropFirst().dropLast()
            bytes.append(0x0A)
        }
    }
}
