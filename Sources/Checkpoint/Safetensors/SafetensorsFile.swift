import JSON
import ModelFiles

/// Reads where the tensors of a safetensors file lie.
///
/// The format (github.com/huggingface/safetensors, README, "Format"): eight bytes of header length, a JSON header, then
/// the tensors' bytes, which must be covered by the header's entries without holes or overlaps.
enum SafetensorsFile {
    /// Every tensor of the file whose bytes are `bytes`; `file` is for messages.
    static func tensors(in bytes: RawSpan, file: String) throws(ModelError) -> [StoredTensor] {
        let (header, dataStart) = try header(of: bytes, file: file)
        var tensors: [StoredTensor] = []
        tensors.reserveCapacity(header.count)
        for member in header.members {
            let (name, entry) = (member.key, member.value)
            if name == "__metadata__" {
                try checkMetadata(entry, file: file)
            } else {
                let reader = EntryReader(file: file, name: name, dataStart: dataStart, fileSize: bytes.byteCount)
                tensors.append(try reader.tensor(entry))
            }
        }
        tensors.sort { ($0.storage.lowerBound, $0.storage.upperBound) < ($1.storage.lowerBound, $1.storage.upperBound) }
        try checkCoverage(tensors, dataStart: dataStart, fileSize: bytes.byteCount, file: file)
        return tensors
    }

    private static func header(
        of bytes: RawSpan,
        file: String
    ) throws(ModelError) -> (members: JSONObject, end: Int) {
        let place = "header length"
        guard let declared = bytes.integer(at: 0, as: UInt64.self) else {
            throw .malformed(file: file, place: place, found: "\(bytes.byteCount) bytes", expected: "at least 8")
        }
        let limit = CheckpointLimits.safetensorsHeaderBytes
        guard declared <= UInt64(limit) else {
            throw .limitExceeded(file: file, what: place, found: "\(declared)", limit: limit)
        }
        let end = 8 + Int(declared)
        guard let text = bytes.array(at: 8..<end) else {
            throw .malformed(
                file: file,
                place: place,
                found: "\(declared)",
                expected: "at most the \(bytes.byteCount - 8) bytes left"
            )
        }
        // The format demands the brace at once; trailing spaces, which the parser skips, align the data.
        guard text.first == UInt8(ascii: "{") else {
            throw .malformed(file: file, place: "header", found: "no \"{\" at its start", expected: "a JSON object")
        }
        guard case .object(let members) = try JSONValue(parsing: text, file: file, dialect: .strict) else {
            throw .malformed(file: file, place: "header", found: "another JSON value", expected: "a JSON object")
        }
        return (members, end)
    }

    private static func checkMetadata(_ metadata: JSONValue, file: String) throws(ModelError) {
        let expected = "an object of strings"
        guard case .object(let entries) = metadata else {
            throw .malformed(file: file, place: "__metadata__", found: metadata.summary, expected: expected)
        }
        for member in entries.members {
            guard case .string = member.value else {
                throw .malformed(file: file, place: "__metadata__", found: member.value.summary, expected: expected)
            }
        }
    }

    /// `tensors` in the order of their bytes must follow each other exactly, from the data's start to the file's end.
    private static func checkCoverage(
        _ tensors: [StoredTensor],
        dataStart: Int,
        fileSize: Int,
        file: String
    ) throws(ModelError) {
        var end = dataStart
        for tensor in tensors {
            let begin = tensor.storage.lowerBound
            guard begin == end else {
                throw .malformed(
                    file: file,
                    place: "tensor \(quoted(tensor.descriptor.name))",
                    found:
                        "data_offsets from \(begin - dataStart), which \(begin < end ? "overlaps" : "leaves a hole")",
                    expected: "\(end - dataStart), where the tensor before it ends"
                )
            }
            end = tensor.storage.upperBound
        }
        guard end == fileSize else {
            throw .malformed(
                file: file,
                place: "data",
                found: "\(fileSize - dataStart) bytes",
                expected: "\(end - dataStart), the end of the last tensor"
            )
        }
    }
}

/// Reads the header's entry of one tensor.
private struct EntryReader {
    let file: String
    let name: String
    let dataStart: Int
    let fileSize: Int

    func tensor(_ entry: JSONValue) throws(ModelError) -> StoredTensor {
        guard case .object(let members) = entry else { throw malformed(entry.summary, "an object") }
        guard let dtype = members["dtype"], case .string(let typeName) = dtype else {
            throw malformed("dtype \(describe(members["dtype"]))", "a string")
        }
        let shape = try integers("shape", in: members)
        guard shape.count <= CheckpointLimits.rank else {
            let limit = CheckpointLimits.rank
            throw .limitExceeded(
                file: file,
                what: "tensor \(quoted(name)): dimensions",
                found: "\(shape.count)",
                limit: limit
            )
        }
        let offsets = try integers("data_offsets", in: members)
        guard offsets.count == 2 else { throw malformed("\(offsets.count) data_offsets", "2") }
        let available = fileSize - dataStart
        guard offsets[0] <= offsets[1], offsets[1] <= available else {
            throw malformed("data_offsets \(offsets)", "0 ≤ begin ≤ end ≤ \(available), the bytes of data")
        }
        let type = ScalarType(safetensorsName: typeName)
        try checkSize(offsets[1] - offsets[0], type: type, shape: shape)
        return StoredTensor(
            descriptor: TensorDescriptor(name: name, scalarType: type, shape: shape),
            storage: dataStart + offsets[0]..<dataStart + offsets[1]
        )
    }

    private func checkSize(_ size: Int, type: ScalarType, shape: [Int]) throws(ModelError) {
        guard let elementSize = type.byteCount else { return }
        guard let count = elementCount(of: shape), !count.multipliedReportingOverflow(by: elementSize).overflow else {
            throw malformed("shape \(shape)", "a size in bytes below 2^63")
        }
        guard size == count * elementSize else {
            throw malformed("\(size) bytes", "\(count * elementSize) for \(type) of shape \(shape)")
        }
    }

    private func integers(_ key: String, in members: JSONObject) throws(ModelError) -> [Int] {
        guard let value = members[key], case .array(let elements) = value else {
            throw malformed("\(key) \(describe(members[key]))", "an array of integers")
        }
        var integers: [Int] = []
        for element in elements {
            guard case .number(let text) = element, let integer = Int(text), integer >= 0 else {
                throw malformed("\(element.summary) in \(key)", "an integer from 0 to \(Int.max)")
            }
            integers.append(integer)
        }
        return integers
    }

    private func describe(_ value: JSONValue?) -> String {
        value?.summary ?? "absent"
    }

    private func malformed(_ found: String, _ expected: String) -> ModelError {
        .malformed(file: file, place: "tensor \(quoted(name))", found: found, expected: expected)
    }
}
