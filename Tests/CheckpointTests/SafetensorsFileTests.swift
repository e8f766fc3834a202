import TestSupport
import Testing

@testable import Checkpoint
@testable import ModelFiles

@Suite("safetensors files")
struct SafetensorsFileTests {
    @Test("every floating-point type reads as the same special values")
    func floatingPoint() throws {
        let checkpoint = try Checkpoint(file: Fixtures.path("scalars.safetensors"))
        let expected: [Float] = [
            0, -0.0, 1, -2.5, 65504, 0x1p-14, 0x1p-24, -0x1p-24, .infinity, -.infinity, .nan, 1 / 3,
        ]
        let tolerance: [String: Float] = ["f32": 0, "f64": 0, "f16": 0x1p-11, "bf16": 0x1p-8]
        for (name, relative) in tolerance {
            let values = try checkpoint.float32(name, shape: [12])
            for (value, wanted) in zip(values, expected) {
                if wanted.isNaN {
                    #expect(value.isNaN)
                } else {
                    #expect(value == wanted || abs(value - wanted) <= relative * abs(wanted), "\(name): \(value)")
                    #expect(value.sign == wanted.sign)
                }
            }
        }
        #expect(try checkpoint.float32("scalar", shape: []) == [3.5])
        #expect(try checkpoint.float32("none", shape: [0, 4]).isEmpty)
    }

    @Test("every integer type reads as the values written")
    func integers() throws {
        let checkpoint = try Checkpoint(file: Fixtures.path("scalars.safetensors"))
        #expect(try checkpoint.integers("i64") == [-(1 << 40), -1, 0, 1 << 40])
        #expect(try checkpoint.integers("i32") == [-70000, 70000])
        #expect(try checkpoint.integers("i16") == [-300, 300])
        #expect(try checkpoint.integers("i8") == [-128, 127])
        #expect(try checkpoint.integers("u8") == [0, 255])
        #expect(try checkpoint.integers("bool") == [1, 0, 1])
    }

    @Test("integers and floats of 8 bits become floats")
    func converted() throws {
        let checkpoint = try Checkpoint(file: Fixtures.path("scalars.safetensors"))
        #expect(try checkpoint.float32("i64", shape: [4]) == [-0x1p40, -1, 0, 0x1p40])
        #expect(try checkpoint.float32("i16", shape: [2]) == [-300, 300])
        #expect(try checkpoint.float32("u8", shape: [2]) == [0, 255])
        #expect(try checkpoint.float32("bool", shape: [3]) == [1, 0, 1])
        #expect(checkpoint.descriptor("f8")?.scalarType == .float8e4m3)
    }

    @Test("floats of 8 bits have the values of their definition")
    func narrowFloats() {
        #expect([0x38, 0x7E, 0x01, 0x80, 0xC4].map { Float(float8e4m3: $0) } == [1, 448, 0x1p-9, 0, -3])
        #expect([0x3C, 0x7B, 0x01, 0x80, 0xC5].map { Float(float8e5m2: $0) } == [1, 57344, 0x1p-16, 0, -5])
        #expect(Float(float8e4m3: 0x7F).isNaN && Float(float8e5m2: 0x7C) == .infinity && Float(float8e5m2: 0x7D).isNaN)
    }

    @Test("a tensor of an unknown type is listed, and only reading it is an error")
    func unknownType() throws {
        let folder = try TemporaryFolder()
        let header = #"{"f4":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#
        let path = try folder.write(safetensors(header, data: [1]), to: "a.safetensors")
        let checkpoint = try Checkpoint(file: path)
        #expect(checkpoint.descriptor("f4")?.scalarType == .other("F4"))
        #expect(
            throws: ModelError.unsupportedScalarType(
                file: path,
                tensor: "f4",
                found: "F4",
                expected: "a type that this program knows"
            )
        ) { try checkpoint.float32("f4", shape: [2]) }
    }

    @Test("an absent tensor and a wrong shape are told with file, name and shapes")
    func absentAndWrongShape() throws {
        let path = Fixtures.path("scalars.safetensors")
        let checkpoint = try Checkpoint(file: path)
        #expect(try message { _ = try checkpoint.float32("f33", shape: [12]) } == "\(path): no tensor named \"f33\"")
        #expect(
            try message { _ = try checkpoint.float32("f32", shape: [3, 4]) }
                == "\(path): tensor \"f32\": found shape [12], expected [3, 4]"
        )
    }

    @Test("data that is not aligned reads the same")
    func unaligned() throws {
        let folder = try TemporaryFolder()
        for padding in 0..<8 {
            let header = #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
            let bytes = safetensors(
                header + String(repeating: " ", count: padding),
                data: littleEndian(0x4000_0000_3F80_0000 as UInt64)
            )
            let checkpoint = try Checkpoint(file: try folder.write(bytes, to: "a.safetensors"))
            #expect(try checkpoint.float32("w", shape: [2]) == [1, 2])
        }
    }

    struct Malformed: CustomTestStringConvertible {
        let header: String
        let data: Int
        let expected: String
        var testDescription: String { expected }

        init(_ header: String, data: Int = 0, _ expected: String) {
            (self.header, self.data, self.expected) = (header, data, expected)
        }
    }

    static let huge = "9223372036854775807"
    static let malformed: [Malformed] = [
        .init("", #"header: found no "{" at its start, expected a JSON object"#),
        .init("[]", #"header: found no "{" at its start, expected a JSON object"#),
        .init(" {}", #"header: found no "{" at its start, expected a JSON object"#),
        .init("{", "line 1, column 2: found the end, expected a key in quotation marks"),
        .init("{}", data: 1, "data: found 1 bytes, expected 0, the end of the last tensor"),
        .init(#"{"__metadata__":{"a":1}}"#, "__metadata__: found 1, expected an object of strings"),
        .init(#"{"__metadata__":[]}"#, "__metadata__: found an array of 0, expected an object of strings"),
        .init(#"{"w":7}"#, #"tensor "w": found 7, expected an object"#),
        .init(#"{"w":{}}"#, #"tensor "w": found dtype absent, expected a string"#),
        .init(#"{"w":{"dtype":1}}"#, #"tensor "w": found dtype 1, expected a string"#),
        .init(
            #"{"w":{"dtype":"F32","data_offsets":[0,0]}}"#,
            #"tensor "w": found shape absent, expected an array of integers"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}"#,
            #"tensor "w": found -1 in shape, expected an integer from 0 to 9223372036854775807"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found 1.0 in shape, expected an integer from 0 to 9223372036854775807"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found true in shape, expected an integer from 0 to 9223372036854775807"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found 18446744073709551617 in shape, expected an integer from 0 to 9223372036854775807"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[\#(huge),2],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found shape [9223372036854775807, 2], expected a size in bytes below 2^63"#
        ),
        .init(
            #"{"w":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found shape [1152921504606846976], expected a size in bytes below 2^63"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
            #"tensor "w": found 1 data_offsets, expected 2"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
            data: 4,
            #"tensor "w": found data_offsets [4, 0], expected 0 ≤ begin ≤ end ≤ 4, the bytes of data"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            data: 4,
            #"tensor "w": found data_offsets [0, 8], expected 0 ≤ begin ≤ end ≤ 4, the bytes of data"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[\#(huge),\#(huge)]}}"#,
            data: 4,
            #"tensor "w": found data_offsets [\#(huge), \#(huge)], expected 0 ≤ begin ≤ end ≤ 4, the bytes of data"#
        ),
        .init(
            #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            data: 4,
            #"tensor "w": found 4 bytes, expected 8 for float32 of shape [2]"#
        ),
        .init(
            #"{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"v":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            data: 6,
            #"tensor "v": found data_offsets from 2, which overlaps, expected 4, where the tensor before it ends"#
        ),
        .init(
            #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
            data: 6,
            #"tensor "w": found data_offsets from 4, which leaves a hole, expected 2, where the tensor before it ends"#
        ),
        .init(
            #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            data: 4,
            #"line 1, column 54: found the key "w" a second time, expected each key once"#
        ),
        .init(
            #"{"w":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#,
            data: 1,
            #"tensor "w": dimensions: found 17, the limit is 16"#
        ),
        .init(
            #"{"a\u0000\nb":3}"#,
            #"tensor "a\0\nb": found 3, expected an object"#
        ),
    ]

    @Test("a malformed header is refused, saying which tensor and what was expected", arguments: malformed)
    func malformedHeaders(_ malformed: Malformed) throws {
        let bytes = safetensors(malformed.header, data: [UInt8](repeating: 0, count: malformed.data))
        let found = try message { _ = try SafetensorsFile.tensors(in: bytes.span.bytes, file: "m.safetensors") }
        #expect(found == "m.safetensors: \(malformed.expected)")
    }

    @Test(
        "a header length that lies is refused before anything is allocated",
        arguments: [
            (UInt64(3), "header length: found 3, expected at most the 2 bytes left"),
            (100_000_000, "header length: found 100000000, expected at most the 2 bytes left"),
            (100_000_001, "header length: found 100000001, the limit is 100000000"),
            (UInt64.max, "header length: found 18446744073709551615, the limit is 100000000"),
            (1 << 63, "header length: found 9223372036854775808, the limit is 100000000"),
        ]
    )
    func headerLength(_ length: UInt64, _ expected: String) throws {
        let bytes = littleEndian(length) + Array("{}".utf8)
        #expect(try message { _ = try SafetensorsFile.tensors(in: bytes.span.bytes, file: "m") } == "m: \(expected)")
    }

    @Test("a file shorter than the header's length field is refused")
    func tooShort() throws {
        let bytes: [UInt8] = [1, 2, 3]
        #expect(
            try message { _ = try SafetensorsFile.tensors(in: bytes.span.bytes, file: "m") }
                == "m: header length: found 3 bytes, expected at least 8"
        )
    }

    @Test("tensors whose names are two encodings of one text are two tensors")
    func encodings() throws {
        let entry = { (start: Int) in #"{"dtype":"U8","shape":[1],"data_offsets":[\#(start),\#(start + 1)]}"# }
        let header = "{\"\u{E9}\":\(entry(0)),\"e\u{301}\":\(entry(1))}"
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint(file: folder.write(length + header.utf8 + [7, 9], to: "a.safetensors"))
        #expect(checkpoint.tensorNames.map { Array($0.utf8) } == ["e\u{301}", "\u{E9}"].map { Array($0.utf8) })
        #expect(try checkpoint.float32("\u{E9}", shape: [1]) == [7])
        #expect(try checkpoint.float32("e\u{301}", shape: [1]) == [9])
    }
}
