import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Checkpoint

@Suite("A model folder")
struct CheckpointTests {
    private static let searched =
        "model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json"

    @Test("without weights, or without the folder, the error lists what was looked for")
    func nothing() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, "\(folder.path)/absent"] {
            #expect(
                try message { _ = try Checkpoint(directory: path) }
                    == "\(path): found no checkpoint, expected one of \(Self.searched)"
            )
        }
    }

    @Test("the weight files are tried in transformers' order, and a broken one is never passed over")
    func order() throws {
        let folder = try TemporaryFolder()
        let index = try Fixtures.bytes("sharded-safetensors/model.safetensors.index.json")
        try folder.write(try Fixtures.bytes("views.legacy.bin"), to: "pytorch_model.bin")
        try folder.write(
            try Fixtures.bytes("sharded-torch/pytorch_model.bin.index.json"),
            to: "pytorch_model.bin.index.json"
        )
        #expect(try Checkpoint(directory: folder.path).source.hasSuffix("/pytorch_model.bin"))
        try folder.write(index, to: "model.safetensors.index.json")
        #expect(
            try message { _ = try Checkpoint(directory: folder.path) }
                == "\(folder.path)/model-00001-of-00002.safetensors: cannot be read: No such file or directory"
        )
        try folder.write(try Fixtures.bytes("scalars.safetensors"), to: "model.safetensors")
        #expect(try Checkpoint(directory: folder.path).source.hasSuffix("/model.safetensors"))
        let broken = try folder.write([1, 2, 3], to: "model.safetensors")
        #expect(
            try message { _ = try Checkpoint(directory: folder.path) }
                == "\(broken): header length: found 3 bytes, expected at least 8"
        )
    }

    @Test("a link that leads nowhere is a fault, not an absent file")
    func danglingLink() throws {
        let folder = try TemporaryFolder()
        let link = "\(folder.path)/model.safetensors"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../blobs/absent")
        try folder.write(try Fixtures.bytes("views.zip.bin"), to: "pytorch_model.bin")
        #expect(
            try message { _ = try Checkpoint(directory: folder.path) }
                == "\(link): cannot be read: No such file or directory"
        )
    }

    @Test("shards of either format read as one checkpoint", arguments: ["sharded-safetensors", "sharded-torch"])
    func shards(_ folder: String) throws {
        let checkpoint = try Checkpoint(directory: Fixtures.path(folder))
        #expect(checkpoint.tensorNames == ["a", "b", "c"])
        #expect(checkpoint.contains("a") && !checkpoint.contains("d"))
        #expect(try checkpoint.float32("a", shape: [2, 3]) == [-8, -7.75, -7.5, -7.25, -7, -6.75])
        #expect(try checkpoint.float32("b", shape: [4]) == [-5.5, -5.25, -5, -4.75])
        #expect(try checkpoint.float32("c", shape: [3, 3]).last == -1)
    }

    @Test("values outlive the checkpoint they came from, and copies share the files")
    func lifetime() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try Fixtures.bytes("scalars.safetensors"), to: "a.safetensors")
        let copy: Checkpoint
        do {
            let checkpoint = try Checkpoint(file: path)
            copy = checkpoint
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(try copy.float32("scalar", shape: []) == [3.5])
    }

    @Test("reading into a caller's memory gives the same values")
    func readInto() throws {
        let checkpoint = try Checkpoint(file: Fixtures.path("views.zip.bin"))
        var values = [Float](repeating: .nan, count: 24)
        var span = values.mutableSpan
        try checkpoint.read("transposed", shape: [4, 6], into: &span)
        #expect(try values == checkpoint.float32("transposed", shape: [4, 6]))
    }

    private static let shardA = safetensors(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [7])

    @Test(
        "an index that names no files, or none in its folder, is refused",
        arguments: [
            (#"{}"#, #"INDEX: "weight_map": not there, expected an object of tensor names and file names"#),
            (#"{"weight_map": []}"#, #"INDEX: "weight_map": found an array of 0, expected an object of strings"#),
            (#"{"weight_map": {}}"#, #"INDEX: "weight_map": found no tensors, expected at least one"#),
            (#"{"weight_map": {"a": 1}}"#, #"INDEX: "weight_map.a": found 1, expected a string"#),
            (
                #"{"weight_map": {"a": "../s1.safetensors"}}"#,
                #"INDEX: "weight_map.a": found "../s1.safetensors", expected the name of a file in the same folder"#
            ),
            (
                #"{"weight_map": {"a": "../\u0301s1.safetensors"}}"#,
                "INDEX: \"weight_map.a\": found \"../\u{301}s1.safetensors\", expected the name of a file in the same folder"
            ),
            (
                #"{"weight_map": {"a": "/etc/passwd"}}"#,
                #"INDEX: "weight_map.a": found "/etc/passwd", expected the name of a file in the same folder"#
            ),
            (
                #"{"weight_map": {"a": ".."}}"#,
                #"INDEX: "weight_map.a": found "..", expected the name of a file in the same folder"#
            ),
            (
                #"{"weight_map": {"a": ""}}"#,
                #"INDEX: "weight_map.a": found "", expected the name of a file in the same folder"#
            ),
            (
                #"{"weight_map": {"a": "s1\u0000.safetensors"}}"#,
                #"INDEX: "weight_map.a": found "s1\0.safetensors", expected the name of a file in the same folder"#
            ),
            (
                #"{"weight_map": {"a": "s2.safetensors"}}"#,
                "FOLDER/s2.safetensors: cannot be read: No such file or directory"
            ),
        ]
    )
    func wrongIndex(_ json: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.shardA, to: "s1.safetensors")
        let index = try folder.write(json.utf8, to: "model.safetensors.index.json")
        let found = try message { _ = try Checkpoint(directory: folder.path) }
        let wanted = expected.replacingOccurrences(of: "INDEX", with: index)
            .replacingOccurrences(of: "FOLDER", with: folder.path)
        #expect(found == wanted)
    }

    @Test("config.json may name the file of weights, or an index, which then counts instead of the usual ones")
    func stated() throws {
        let folder = try TemporaryFolder()
        func open(_ file: String) throws -> Checkpoint {
            let text = #"{"transformers_weights": \#(file)}"#
            let configuration = try JSONSection(bytes: Array(text.utf8), path: "config.json")
            return try Checkpoint(directory: folder.path, configuration: configuration)
        }
        try folder.write(try Fixtures.bytes("scalars.safetensors"), to: "model.safetensors")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/sub", withIntermediateDirectories: false)
        try folder.write(Self.shardA, to: "sub/a.safetensors")
        try folder.write(#"{"weight_map": {"a": "./sub/a.safetensors"}}"#.utf8, to: "b.safetensors.index.json")
        for file in [#""sub/a.safetensors""#, #""./sub//a.safetensors""#, #""b.safetensors.index.json""#] {
            #expect(try open(file).tensorNames == ["a"])
        }
        #expect(try open("null").tensorNames.contains("scalar"))
        for wrong in [#""../a.safetensors""#, #""/a.safetensors""#, #""a.bin""#, #""""#, "5"] {
            #expect(
                try message { _ = try open(wrong) }?.contains(#""transformers_weights": found "#) == true,
                "\(wrong)"
            )
        }
        #expect(try message { _ = try open(#""c.safetensors""#) }?.contains("c.safetensors: cannot be read") == true)
    }

    @Test("of an index only the files' names count: each tensor is in the file that has it, and the last one counts")
    func looseIndex() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.shardA, to: "s1.safetensors")
        let header =
            #"{"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
        try folder.write(safetensors(header, data: [1, 2]), to: "s3.safetensors")
        for map in [#""b": "s1.safetensors", "c": "s3.safetensors""#, #""x": "s3.safetensors", "c": "s1.safetensors""#]
        {
            try folder.write(#"{"weight_map": {\#(map)}}"#.utf8, to: "model.safetensors.index.json")
            let checkpoint = try Checkpoint(directory: folder.path)
            #expect(checkpoint.tensorNames == ["a", "c"])
            #expect(try checkpoint.float32("a", shape: [1]) == [2])
        }
    }
}
