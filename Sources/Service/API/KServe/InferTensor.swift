import JSON

/// The tensor types that are taken, as the protocol writes them.
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
    /// What of each row there is.
    var columns: Int { shape.count > 1 ? shape[1] : 1 }

    /// Reads a tensor whose elements are JSON, or the next bytes of `tail`.
    init(_ fields: RequestFields, tail: inout ArraySlice<UInt8>) throws {
        let name = try fields.text("name")
        let datatype = try fields.required("datatype", fields.choice("datatype", InferDatatype.self))
        shape = try fields.required("shape", fields.integers("shape"))
        self.name = name
        guard 1...2 ~= shape.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw ServiceError.invalid("the input \"\(name.prefix(100))\" must have a shape [rows] or [rows, columns]")
        }
        if let size = try fields.object("parameters")?.integer("binary_data_size") {
            guard size >= 0, size <= tail.count else {
                throw ServiceError.invalid(
                    "the input \"\(name.prefix(100))\" has a binary_data_size of \(size); \(tail.count) bytes follow"
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
                "the input \"\(name.prefix(100))\" has \(elements.count) elements, its shape \(shape) another number"
            )
        }
    }

    private static func elements(_ datatype: InferDatatype, _ fields: RequestFields) throws -> Elements {
        guard let value = fields.members["data"], case .array(let nested) = value else {
            throw fields.wrong("`data`", "the elements of the tensor", fields.members["data"] ?? .null)
        }
        // Nested as its shape has it, or flat.
        let flat = nested.flatMap { if case .array(let row) = $0 { row } else { [$0] } }
        switch datatype {
        case .bytes:
            return .texts(
                try flat.map {
                    guard case .string(let text) = $0 else { throw fields.wrong("`data`", "texts", $0) }
                    return text
                }
            )
        case .int32, .int64:
            return .numbers(
                try flat.map {
                    guard let number = $0.integer else { throw fields.wrong("`data`", "integers", $0) }
                    return number
                }
            )
        }
    }

    /// BYTES are a length in four bytes and so many bytes each; numbers stand one behind the other. All little-endian.
    private static func elements(
        _ datatype: InferDatatype,
        binary: ArraySlice<UInt8>,
        _ name: String
    ) throws -> Elements {
        var rest = binary
        let broken = ServiceError.invalid(
            "the binary data of the input \"\(name.prefix(100))\" ends within an element, or is not UTF-8"
        )
        switch datatype {
        case .bytes:
            var texts: [String] = []
            while !rest.isEmpty {
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
            guard rest.count.isMultiple(of: size) else { throw broken }
            var numbers: [Int] = []
            numbers.reserveCapacity(rest.count / size)
            while !rest.isEmpty {
                let bits = rest.prefix(size).littleEndian
                numbers.append(size == 4 ? Int(Int32(truncatingIfNeeded: bits)) : bits)
                rest = rest.dropFirst(size)
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
