import Foundation
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("KServe's interface, inference")
struct InferRouteTests {
    private static let path = "/v2/models/mobilebert-mini/infer"

    private func infer(_ body: String, path: String = Self.path) async throws -> JSONValue {
        try await TestService.bundled().post(path, body)
    }

    private func floats(_ bytes: ArraySlice<UInt8>) -> [Double] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { start in
            Double(Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }))
        }
    }

    /// A length in four bytes, and the text.
    private func element(_ text: String) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: text.utf8.count >> (8 * $0)) } + Array(text.utf8)
    }

    @Test("texts in JSON give FP32 tensors: those asked for, or all")
    func json() async throws {
        let vectors = try await TestService.bundled().post("/embed", #"{"inputs":["good","a dull film"]}"#).rows
        for (shape, data) in [
            ("[2]", #"["good","a dull film"]"#), ("[2,1]", #"[["good"],["a dull film"]]"#),
        ] {
            let tensor = #"{"name":"text","shape":\#(shape),"datatype":"BYTES","data":\#(data)}"#
            let answer = try await infer(#"{"id":"7","inputs":[\#(tensor)],"outputs":[{"name":"embedding"}]}"#)
            #expect(answer["model_name"]?.text == "mobilebert-mini" && answer["id"]?.text == "7")
            let output = try #require(answer["outputs"]?.elements.first)
            #expect(output["datatype"]?.text == "FP32" && output["shape"]?.numbers == [2, 256])
            #expect(output["data"]?.numbers == Array(vectors.joined()))
            let all = try await infer(
                #"{"inputs":[\#(tensor)]}"#,
                path: "/v2/models/mobilebert-mini/versions/1/infer"
            )
            #expect(all["outputs"]?.elements.map { $0["name"]?.text } == ["embedding", "logits", "scores"])
            #expect(all["outputs"]?.elements[1]["shape"]?.numbers == [2, 2])
        }
    }

    @Test("binary texts in, binary tensors out, without a content type")
    func binary() async throws {
        let tail = element("good") + element("dull é")
        let header = Array(
            #"""
            {"inputs":[{"name":"any","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":\#(tail.count)}}],
            "outputs":[{"name":"embedding","parameters":{"binary_data":true}},{"name":"logits"}]}
            """#.utf8
        )
        let service = try TestService.bundled()
        let answer = try await service.send(
            "POST",
            Self.path,
            header + tail,
            contentType: nil,
            fields: [.inferenceHeaderContentLength: "\(header.count)"]
        )
        #expect(answer.status == 200 && answer.fields[.contentType] == "application/octet-stream")
        let length = try #require(answer.fields[.inferenceHeaderContentLength].flatMap { Int($0) })
        let outputs = try JSONParser.parse(Array(answer.bytes.prefix(length)))["outputs"]?.elements ?? []
        #expect(outputs.first?["parameters"]?["binary_data_size"]?.integer == answer.bytes.count - length)
        let vectors = try await service.post("/embed", #"{"inputs":["good","dull é"]}"#).rows
        #expect(floats(answer.bytes[length...]).map { Float($0) } == vectors.joined().map { Float($0) })
        #expect(outputs.last?["data"]?.numbers.count == 4)
    }

    @Test("ids with a mask give the vectors of the ids that it lets through")
    func ids() async throws {
        let answer = try await infer(
            #"""
            {"inputs":[{"name":"input_ids","shape":[2,3],"datatype":"INT64","data":[101,2204,102,101,102,0]},
            {"name":"attention_mask","shape":[2,3],"datatype":"INT32","data":[1,1,1,1,1,0]},
            {"name":"token_type_ids","shape":[2,3],"datatype":"INT64","data":[0,0,0,0,0,1]}],
            "outputs":[{"name":"embedding"}],"parameters":{"normalize":false}}
            """#
        )
        let expected = try await TestService.bundled()
            .post("/embed", #"{"inputs":[[101,2204,102],[101,102]],"normalize":false}"#).rows
        #expect(answer["outputs"]?.elements[0]["data"]?.numbers == Array(expected.joined()))
    }

    @Test("masks with holes or padding on the left, and types, give transformers' numbers; padding may hold anything")
    func masks() async throws {
        let fixtures = ModelFolder.repository + "/Tests/Fixtures"
        let file = try Data(contentsOf: URL(filePath: fixtures + "/masks/infer.json"))
        let references = try JSONParser.parse(Array(file))["requests"]?.elements ?? []
        #expect(references.count == 3)
        for reference in references {
            let model = try #require(reference["model"]?.text)
            try await TestModels.with(modelOf: fixtures + "/models/" + model) { service in
                var writer = JSONWriter()
                writer.object { writer in
                    writer.key("inputs")
                    writer.value(reference["inputs"] ?? .null)
                    writer.key("normalize")
                    writer.boolean(false)
                }
                let models = try await service.send("GET", "/v1/models").json
                let name = models["data"]?.elements.first?["id"]?.text ?? ""
                let answer = try await service.post(
                    "/v2/models/\(name)/infer",
                    String(decoding: writer.bytes, as: UTF8.self)
                )
                for output in answer["outputs"]?.elements.prefix(2) ?? [] {
                    let kind = try #require(output["name"]?.text)
                    let expected = try #require(reference[kind]).elements.flatMap(\.numbers)
                    let found = try #require(output["data"]?.numbers)
                    let largest = expected.map(\.magnitude).max() ?? 0
                    #expect(found.count == expected.count, "\(model) \(kind)")
                    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest }, "\(model) \(kind)")
                }
            }
        }
    }

    @Test(
        "masks that hide everything and types that the model lacks are refused, by input",
        arguments: [
            ("bert-sentiment", "[[1,1],[0,0]]", "[[0,0],[0,0]]", "attention_mask of input 1 has no 1"),
            ("bert-sentiment", "[[1,1],[1,1]]", "[[0,0],[0,2]]", "input 1 has the token type 2, which"),
            ("bert-sentiment", "[[1,1],[0,1]]", "[[0,0],[-1,0]]", "input 1 has the token type -1"),
            ("bert-sentiment", "[[1,2],[1,1]]", "[[0,0],[0,0]]", "zeros and ones. Given: 2"),
            ("distilbert-sentiment", "[[1,1],[1,1]]", "[[1,0],[0,0]]", "the model has no token types"),
            ("distilbert-sentiment", "[[1,1],[1,1]]", "[[4294967296,0],[0,0]]", "`token_type_ids` must be 32-bit"),
        ]
    )
    func refusedArrays(_ model: String, _ mask: String, _ types: String, _ reason: String) async throws {
        let inputs = [("input_ids", "[[7,8],[9,10]]"), ("attention_mask", mask), ("token_type_ids", types)].map {
            #"{"name":"\#($0)","shape":[2,2],"datatype":"INT64","data":\#($1)}"#
        }
        try await TestModels.with(modelOf: ModelFolder.repository + "/Tests/Fixtures/models/" + model) { service in
            let name = try await service.send("GET", "/v1/models").json["data"]?.elements[0]["id"]?.text ?? ""
            let body = #"{"inputs":[\#(inputs.joined(separator: ","))]}"#
            let answer = try await service.send("POST", "/v2/models/\(name)/infer", body)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(try answer.json["error"]?.text?.contains(reason) == true, "\(answer.text)")
        }
    }

    @Test("pairs are rows of two texts; classes are the highest values with index and label")
    func classes() async throws {
        let answer = try await infer(
            #"""
            {"inputs":[{"name":"text","shape":[1,2],"datatype":"BYTES","data":["a charming film","very good"]}],
            "outputs":[{"name":"scores","parameters":{"classification":1}},{"name":"logits"}]}
            """#
        )
        let best = try #require(answer["outputs"]?.elements[0]["data"]?.elements.first?.text)
        #expect(best.hasSuffix(":1:POSITIVE") && answer["outputs"]?.elements[0]["datatype"]?.text == "BYTES")
        let labels = try await TestService.bundled()
            .post("/classify", #"{"inputs":[["a charming film","very good"]]}"#).elements[0].elements
        #expect(answer["outputs"]?.elements[1]["data"]?.numbers.last == labels[0]["logit"]?.double)
    }

    @Test(
        "tensors that are broken or mean nothing are refused, with the reason",
        arguments: [
            (#"{}"#, 422, "`inputs`"), (#"{"inputs":[]}"#, 422, "`inputs` is empty"), ("{", 400, "not valid JSON"),
            (#"{"inputs":[{"name":"t","shape":[2],"datatype":"BYTES","data":["a"]}]}"#, 422, "has 1 elements"),
            (#"{"inputs":[{"name":"t","shape":[1],"datatype":"FP32","data":[1]}]}"#, 422, "`datatype`"),
            (#"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":[1]}]}"#, 422, "`data`"),
            (
                #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}],"parameters":{"timeout":-1}}"#,
                422,
                "timeout"
            ),
            (#"{"inputs":[{"name":"t","shape":[],"datatype":"BYTES","data":[]}]}"#, 422, "shape"),
            (#"{"inputs":[{"name":"t","shape":[-1],"datatype":"BYTES","data":["a"]}]}"#, 422, "shape"),
            (
                #"{"inputs":[{"name":"t","shape":[4294967296,4294967296],"datatype":"BYTES","data":["a"]}]}"#, 422,
                "elements"
            ), (#"{"inputs":[{"name":"t","shape":[1,3],"datatype":"BYTES","data":["a","b","c"]}]}"#, 422, "pairs"),
            (#"{"inputs":[{"name":"t","shape":[1],"datatype":"INT64","data":[7]}]}"#, 422, "not taken"),
            (#"{"inputs":[{"name":"input_ids","shape":[1,1],"datatype":"INT64","data":[70000]}]}"#, 422, "vocabulary"),
            (
                #"""
                {"inputs":[{"name":"input_ids","shape":[1],"datatype":"INT64","data":[7]},
                {"name":"input_ids","shape":[1],"datatype":"INT64","data":[8]}]}
                """#, 422, "each once"
            ),
            (
                #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":9}}]}"#, 422,
                "binary_data_size"
            ),
            (
                #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}],"outputs":[{"name":"x"}]}"#, 422,
                "no output"
            ),
        ]
    )
    func refusals(_ body: String, status: Int, reason: String) async throws {
        let answer = try await TestService.bundled().send("POST", Self.path, body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(try answer.json["error"]?.text?.contains(reason) == true, "\(answer.text)")
    }

    @Test("an answer tells its cost, whatever outputs it has", arguments: ["embedding", "logits", "scores"])
    func costs(_ output: String) async throws {
        let text = String(repeating: "a ", count: 600)
        let tensor = #"{"name":"t","shape":[2],"datatype":"BYTES","data":["dull","\#(text)"]}"#
        let body = #"{"inputs":[\#(tensor)],"outputs":[{"name":"\#(output)"}]}"#
        let fields = try await TestService.bundled().send("POST", Self.path, body).fields
        #expect(fields[.computeCharacters] == "1204" && fields[.computeTokens] == "515")
        #expect(fields[.truncatedInputs] == "1")
    }

    @Test("binary data that is cut, too long or no UTF-8 is refused")
    func brokenBinary() async throws {
        let service = try TestService.bundled()
        for (tail, stated) in [
            ([4, 0, 0, 0, 0x61], 5), ([1, 0], 2), ([1, 0, 0, 0, 0xFF], 5), ([1, 0, 0, 0, 0x61, 9], 5),
            ([255, 255, 255, 255], 4),
        ] as [([UInt8], Int)] {
            let header = Array(
                #"""
                {"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":\#(stated)}}]}
                """#.utf8
            )
            let fields: HTTPFields = [.inferenceHeaderContentLength: "\(header.count)"]
            let answer = try await service.send("POST", Self.path, header + tail, fields: fields)
            #expect(answer.status == 422, "\(answer.text)")
        }
        for length in ["-1", "1000", "x"] {
            let fields: HTTPFields = [.inferenceHeaderContentLength: length]
            #expect(try await service.send("POST", Self.path, "{}", fields: fields).status == 400)
        }
    }
}
