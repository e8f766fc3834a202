import Inference
import JSON

/// Makes the model's inputs from the tensors of a request.
enum InferInputs {
    /// The input tensors that the model's description lists. A tensor of texts may have any name; the other tensors
    /// have the names that Hugging Face's tokenizers use.
    static func tensors(of model: LoadedModel) -> [(name: String, datatype: InferDatatype, shape: [Int])] {
        model.tokenizer == nil ? [("input_ids", .int64, [-1, -1])] : [("text", .bytes, [-1])]
    }

    /// Texts `[rows]` or `[rows, 1]`, pairs of texts `[rows, 2]`, or `input_ids` with the other arrays that a
    /// tokenizer makes.
    static func inputs(_ tensors: [InferTensor]) throws -> [TextInput] {
        guard let first = tensors.first else {
            throw ServiceError.invalid("`inputs` is empty; give a BYTES tensor of texts, or `input_ids`")
        }
        if tensors.count == 1, case .texts(let texts) = first.elements { return try inputs(texts, of: first) }
        var byName: [String: (tensor: InferTensor, numbers: [Int])] = [:]
        for tensor in tensors {
            guard case .numbers(let numbers) = tensor.elements, known.contains(tensor.name), byName[tensor.name] == nil
            else {
                throw ServiceError.invalid(
                    """
                    the input "\(tensor.name.beginning(100))" is not taken here; give one BYTES tensor of texts, or \
                    integers in input_ids, attention_mask and token_type_ids, each once
                    """
                )
            }
            byName[tensor.name] = (tensor, numbers)
        }
        guard let ids = byName["input_ids"] else { throw ServiceError.invalid("there is no input `input_ids`") }
        guard byName.values.allSatisfy({ $0.tensor.shape == ids.tensor.shape }) else {
            throw ServiceError.invalid("the shapes of input_ids, attention_mask and token_type_ids differ")
        }
        return try inputs(
            ids: ids.numbers,
            types: byName["token_type_ids"]?.numbers,
            mask: byName["attention_mask"].map { try attentionMask($0.numbers) },
            of: ids.tensor
        )
    }

    private static let known: Set<String> = ["input_ids", "attention_mask", "token_type_ids"]

    private static func inputs(_ texts: [String], of tensor: InferTensor) throws -> [TextInput] {
        switch tensor.columns {
        case 1: return try texts.mapChecking { .text($1) }
        case 2: return try (0..<texts.count / 2).mapChecking { .pair(texts[2 * $1], texts[2 * $1 + 1]) }
        default:
            throw ServiceError.invalid(
                "texts must have the shape [rows], [rows, 1] or, as pairs, [rows, 2]. Given: \(tensor.shape)"
            )
        }
    }

    /// The rows of the arrays, each without its padding, in which anything may stand. A tensor of one dimension is one
    /// sequence.
    private static func inputs(
        ids: [Int],
        types: [Int]?,
        mask: [UInt8]?,
        of tensor: InferTensor
    ) throws -> [TextInput] {
        let columns = tensor.shape.count == 1 ? tensor.rows : tensor.columns
        guard columns > 0 else { return [] }
        return try (0..<ids.count / columns).mapChecking { _, row in
            let start = row * columns
            let length = mask?[start..<start + columns].unpaddedCount ?? columns
            let row = start..<start + length
            return .arrays(
                InputArrays(
                    inputIDs: try int32(ids[row], "input_ids"),
                    tokenTypeIDs: try types.map { try int32($0[row], "token_type_ids") },
                    attentionMask: mask.map { Array($0[row]) }
                )
            )
        }
    }

    private static func attentionMask(_ numbers: [Int]) throws -> [UInt8] {
        try numbers.mapChecking { _, number in
            guard 0...1 ~= number else {
                throw ServiceError.invalid("`attention_mask` must be zeros and ones. Given: \(number)")
            }
            return UInt8(number)
        }
    }

    private static func int32(_ numbers: ArraySlice<Int>, _ name: String) throws -> [Int32] {
        try numbers.mapChecking { _, number in
            guard let number = Int32(exactly: number) else {
                throw ServiceError.invalid("`\(name)` must be 32-bit integers. Given: \(number)")
            }
            return number
        }
    }
}

/// The tensor types that are accepted, as the protocol writes them.
enum InferDatatype: String, CaseIterable {
    case bytes = "BYTES"
    case int32 = "INT32"
    case int64 = "INT64"
}

/// An input tensor of a request, row after row.
struct InferTensor {
    /// The elements.
    enum Elements {
        case texts([String])
        case numbers([Int])

        var count: Int {
            switch self {
            case .texts(let texts): texts.count
            case .numbers(let numbers): numbers.count
            }
        }
    }

    let name: String
    let shape: [Int]
    let elements: Elements

    /// The length of the first dimension.
    var rows: Int { shape[0] }
    /// The number of elements in a row.
    var columns: Int { shape.count > 1 ? shape[1] : 1 }

    /// Reads a tensor whose elements are JSON, or the next bytes of `tail`.
    init(_ fields: RequestFields, tail: inout ArraySlice<UInt8>) throws {
        let name = try fields.text("name")
        let datatype = try fields.required("datatype", fields.choice("datatype", InferDatatype.self))
        shape = try fields.required("shape", fields.integers("shape"))
        self.name = name
        guard 1...2 ~= shape.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw ServiceError.invalid(
                "the input \"\(name.beginning(100))\" must have a shape [rows] or [rows, columns]"
            )
        }
        if let size = try fields.object("parameters")?.integer("binary_data_size") {
            guard size >= 0, size <= tail.count else {
                throw ServiceError.invalid(
                    "the input \"\(name.beginning(100))\" has a binary_data_size of \(size); \(tail.count) bytes follow"
                )
            }
            elements = try Self.elements(datatype, binary: tail.prefix(size), name)
            tail = tail.dropFirst(size)
        } else {
            elements = try Self.elements(datatype, fields)
        }
        let (expected, overflow) = columns.multipliedReportingOverflow(by: rows)
        guard !overflow, elements.count == expected else {
            throw ServiceError.invalid(
                "the input \"\(name.beginning(100))\" has \(elements.count) elements, not those of its shape \(shape)"
            )
        }
    }

    private static func elements(_ datatype: InferDatatype, _ fields: RequestFields) throws -> Elements {
        guard let value = fields.members["data"], case .array(let nested) = value else {
            throw fields.wrong("`data`", "the elements of the tensor", fields.members["data"] ?? .null)
        }
        switch datatype {
        case .bytes:
            return .texts(
                try flat(nested) {
                    guard case .string(let text) = $0 else { throw fields.wrong("`data`", "texts", $0) }
                    return text
                }
            )
        case .int32, .int64:
            return .numbers(
                try flat(nested) {
                    guard let number = $0.integer else { throw fields.wrong("`data`", "integers", $0) }
                    return number
                }
            )
        }
    }

    /// The elements of a list that may be nested according to the shape, or flat.
    private static func flat<Element>(
        _ nested: [JSONValue],
        _ convert: (JSONValue) throws -> Element
    ) throws -> [Element] {
        guard nested.contains(where: { if case .array = $0 { true } else { false } }) else {
            return try nested.mapChecking { try convert($1) }
        }
        var elements: [Element] = []
        for (index, element) in nested.enumerated() {
            if index % 1024 == 0 { try RequestOptions.check() }
            let row = if case .array(let row) = element { row } else { [element] }
            elements += try row.mapChecking { try convert($1) }
        }
        return elements
    }

    /// Each element of BYTES is its length in four bytes, then its bytes; numbers follow one another. All are
    /// little-endian.
    private static func elements(
        _ datatype: InferDatatype,
        binary: ArraySlice<UInt8>,
        _ name: String
    ) throws -> Elements {
        let broken = ServiceError.invalid(
            "the binary data of the input \"\(name.beginning(100))\" ends within an element, or is not UTF-8"
        )
        switch datatype {
        case .bytes:
            var texts: [String] = []
            var rest = binary
            while !rest.isEmpty {
                if texts.count % 1024 == 0 { try RequestOptions.check() }
                guard rest.count >= 4 else { throw broken }
                let length = rest.prefix(4).littleEndian
                rest = rest.dropFirst(4)
                guard length <= rest.count, let text = String(validating: rest.prefix(length), as: UTF8.self) else {
                    throw broken
                }
                texts.append(text)
                rest = rest.dropFirst(length)
            }
            return .texts(texts)
        case .int32, .int64:
            let size = datatype == .int32 ? 4 : 8
            guard binary.count.isMultiple(of: size) else { throw broken }
            let numbers = try (0..<binary.count / size).mapChecking { _, index in
                let bits = binary.dropFirst(index * size).prefix(size).littleEndian
                return size == 4 ? Int(Int32(truncatingIfNeeded: bits)) : bits
            }
            return .numbers(numbers)
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes, at most eight, as a number.
    fileprivate var littleEndian: Int {
        Int(truncatingIfNeeded: reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
