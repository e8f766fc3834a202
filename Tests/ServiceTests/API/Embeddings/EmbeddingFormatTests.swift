import Foundation
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("The forms of /embed's answer")
struct EmbeddingFormatTests {
    private static let inputs = #""inputs":["a fine film","dull"]"#

    private func post(_ options: String = "", accept: String? = nil) async throws -> TestService.Answer {
        let fields: HTTPFields = accept.map { [.accept: $0] } ?? [:]
        return try await TestService.bundled().send("POST", "/embed", "{\(Self.inputs)\(options)}", fields: fields)
    }

    /// The vectors as they are without any option.
    private func floats() async throws -> [[Float]] {
        try await post().json.rows.map { $0.map(Float.init) }
    }

    private func littleEndian(_ vectors: [[Float]]) -> [UInt8] {
        vectors.flatMap { $0 }.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> ($0 * 8) & 0xFF) } }
    }

    @Test("base64 and octets are the bits of the numbers that JSON gives")
    func sameBits() async throws {
        let vectors = try await floats()
        let base64 = try await post(#","encoding_format":"base64""#).json.elements.map { $0.text ?? "" }
        #expect(base64 == vectors.map { Data(littleEndian([$0])).base64EncodedString() })
        let octets = try await post(accept: "application/octet-stream")
        #expect(octets.bytes == littleEndian(vectors))
        #expect(octets.fields[.contentType] == "application/octet-stream")
        #expect(octets.fields[.embeddingShape] == "2,256" && octets.fields[.embeddingType] == "float32")
    }

    @Test(
        "each embedding_type has the same components in JSON, base64 and octets",
        arguments: EmbeddingType.allCases
    )
    func types(type: EmbeddingType) async throws {
        let option = #","embedding_type":"\#(type.rawValue)""#
        let expected = try await floats().map { try EmbeddingComponents($0, as: type) }
        let rows = try await post(option).json.elements
        for (row, components) in zip(rows, expected) {
            var writer = JSONWriter()
            components.write(to: &writer)
            #expect(try row == JSONParser.parse(writer.bytes))
        }
        var bytes: [UInt8] = []
        for components in expected { components.append(to: &bytes) }
        #expect(try await post(option, accept: "application/octet-stream").bytes == bytes)
        let base64 = try await post(option + #","encoding_format":"base64""#).json.elements.map { $0.text ?? "" }
        #expect(base64.flatMap { Array(Data(base64Encoded: $0) ?? Data()) } == bytes)
    }

    @Test("quantized vectors have the direction of the float ones")
    func directions() async throws {
        let vectors = try await floats().map { $0.map(Double.init) }
        for (type, least) in [("float16", 0.99999), ("int8", 0.995)] {
            for (a, b) in zip(vectors, try await post(#","embedding_type":"\#(type)""#).json.rows) {
                let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
                let lengths = [a, b].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
                #expect(product / (lengths[0] * lengths[1]) > least, "\(type)")
            }
        }
    }

    @Test("a .npy file says in its header what follows")
    func numpy() async throws {
        for (type, name, size) in [
            ("float32", "<f4", 4), ("float16", "<f2", 2), ("int8", "|i1", 1), ("ubinary", "|u1", 1),
        ] {
            let answer = try await post(#","embedding_type":"\#(type)""#, accept: "application/x-npy")
            #expect(answer.fields[.contentType] == "application/x-npy")
            #expect(Array(answer.bytes.prefix(8)) == [0x93] + Array("NUMPY".utf8) + [1, 0])
            let length = Int(answer.bytes[8]) | Int(answer.bytes[9]) << 8
            let header = String(decoding: answer.bytes[10..<10 + length], as: UTF8.self)
            let columns = type == "ubinary" ? 32 : 256
            #expect(header.hasPrefix("{'descr': '\(name)', 'fortran_order': False, 'shape': (2, \(columns)), }"))
            #expect(header.hasSuffix("\n") && (10 + length).isMultiple(of: 64))
            #expect(answer.bytes.count == 10 + length + 2 * columns * size)
        }
    }

    @Test(
        "Accept chooses by weight, then by how exactly it names the type; 406 only where nothing fits",
        arguments: [
            (nil, "application/json"), ("*/*", "application/json"), ("", "application/json"),
            ("application/*", "application/json"), ("application/octet-stream", "application/octet-stream"),
            ("application/octet-stream, */*", "application/octet-stream"),
            ("application/json, application/octet-stream", "application/json"),
            ("application/json;q=0.5, application/octet-stream", "application/octet-stream"),
            ("application/octet-stream;q=0.2, application/json;q=0.1", "application/octet-stream"),
            ("text/html, application/x-npy;q=0.9, */*;q=0.8", "application/x-npy"),
            ("application/json;q=0, */*", "application/octet-stream"), ("APPLICATION/NPY", "application/npy"),
            ("text/html, */*;q=0.1", "application/json"),
            ("application/octet-stream ; q=1.0", "application/octet-stream"),
            ("text/html", ""), ("application/json;q=0", ""), ("*/*;q=0", ""), ("image/*", ""),
        ] as [(String?, String)]
    )
    func negotiation(_ accept: String?, type: String) async throws {
        let answer = try await post(accept: accept)
        #expect(answer.status == (type.isEmpty ? 406 : 200), "\(answer.text)")
        if type.isEmpty {
            #expect(try answer.json["error_type"] == .string("NotAcceptable"))
        } else {
            #expect(answer.fields[.contentType] == type && answer.fields[.vary] == "accept")
        }
    }

    @Test(
        "a form that there is not is refused with those there are",
        arguments: [#","embedding_type":"int4""#, #","embedding_type":7"#, #","encoding_format":"hex""#]
    )
    func unknownForms(_ option: String) async throws {
        let answer = try await post(option)
        #expect(answer.status == 422 && answer.text.contains("must be one of"), "\(answer.text)")
    }

    @Test("types of vectors of length 1 refuse `normalize: false`, whatever the text", arguments: ["int8", "uint8"])
    func lengths(_ type: String) async throws {
        let wide = try await post(#","normalize":false,"embedding_type":"\#(type)""#)
        #expect(wide.status == 422 && wide.text.contains("normalize") && wide.text.contains(type), "\(wide.text)")
        let scaled = try await post(#","normalize":true,"embedding_type":"\#(type)""#)
        let plain = try await post(#","embedding_type":"\#(type)""#)
        #expect(try scaled.status == 200 && scaled.json == plain.json)
    }

    @Test("a component that a type cannot hold gets 422")
    func ranges() {
        for (type, limit) in [(EmbeddingType.int8, Float(1)), (.uint8, 1), (.float16, 65504)] {
            #expect(throws: Never.self) { try EmbeddingComponents([limit, -limit], as: type) }
            let error = #expect(throws: ServiceError.self) { try EmbeddingComponents([limit * 1.01], as: type) }
            #expect(error?.status == 422, "\(type)")
        }
    }
}
