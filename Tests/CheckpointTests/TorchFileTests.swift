import TestSupport
import Testing

@testable import Checkpoint
@testable import ModelFiles

@Suite("PyTorch files")
struct TorchFileTests {
    @Test(
        "transposed, sliced, shared, wrapped and narrow tensors read as PyTorch reads them",
        arguments: [
            ("views.zip.bin", "views.safetensors"), ("views.legacy.bin", "views.safetensors"),
            ("views.protocol4.bin", "views.safetensors"),
            ("storage-views.legacy.bin", "storage-views.safetensors"), ("nested.zip.bin", "nested.safetensors"),
            ("nested.legacy.bin", "nested.safetensors"), ("types.bin", "types.safetensors"),
        ]
    )
    func views(_ name: String, _ truth: String) throws {
        let checkpoint = try Checkpoint(file: Fixtures.path(name))
        let expected = try Checkpoint(file: Fixtures.path(truth))
        // What an optimizer keeps of a tensor lies deeper, below a number.
        #expect(checkpoint.tensorNames == expected.tensorNames)
        // PyTorch expands a storage's elements by strides of 0; no weight is such a tensor.
        for tensor in expected.tensorNames where tensor != "repeated" {
            let descriptor = try #require(expected.descriptor(tensor))
            #expect(checkpoint.descriptor(tensor) == descriptor)
            if [.int64, .bool].contains(descriptor.scalarType) {
                let values = try checkpoint.integers(tensor)
                #expect(try values == expected.integers(tensor), "\(tensor)")
            } else {
                let values = try checkpoint.float32(tensor, shape: descriptor.shape)
                let truth = try expected.float32(tensor, shape: descriptor.shape)
                #expect(values.map(\.bitPattern) == truth.map(\.bitPattern), "\(tensor)")
            }
        }
    }

    @Test("a tensor that repeats its storage is listed, and only reading it is an error")
    func repeated() throws {
        let path = Fixtures.path("views.zip.bin")
        let checkpoint = try Checkpoint(file: path)
        #expect(
            try message { _ = try checkpoint.float32("repeated", shape: [4, 3]) }
                == "\(path): tensor \"repeated\": found shape [4, 3], expected at most the 3 elements of its storage"
        )
    }

    @Test("zip and legacy files of whole models hold what their safetensors files hold, bit for bit")
    func referenceModels() throws {
        guard let reference = Fixtures.reference else {
            print("no reference models here (SWIFTLET_REFERENCE): skipped")
            return
        }
        for model in ["mobilebert", "mobilebert-sentiment", "mobilebert-pretraining", "bert-sentiment"] {
            let folder = "\(reference)/models/\(model)"
            let truth = try readAll(try Checkpoint(directory: folder))
            #expect(truth.count > 50)
            for file in ["pytorch_model.bin", "pytorch_model.legacy.bin"] {
                let values = try readAll(try Checkpoint(file: "\(folder)/\(file)"))
                for (name, expected) in truth {
                    #expect(values[name] == expected, "\(model)/\(file): \(name)")
                }
            }
        }
    }

    @Test("a pickle that calls a function is refused by the function's name, and calls nothing")
    func hostile() throws {
        for name in ["hostile.zip.bin", "hostile.legacy.bin"] {
            let path = Fixtures.path(name)
            let expected = ModelError.forbiddenGlobal(file: path, name: "posix.system")
            #expect(throws: expected) { try Checkpoint(file: path) }
            #expect(
                expected.description
                    == "\(path): posix.system is not allowed in a checkpoint; only what tensors are made of is"
            )
        }
        #expect(!OpenFile.exists("/tmp/a-pickle-was-executed"))
    }

    @Test("a file of neither format, and a Git LFS pointer, are told as such")
    func otherContent() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("hello".utf8, to: "pytorch_model.bin")
        #expect(
            try message { _ = try Checkpoint(directory: folder.path) }
                == "\(text): file: found an unknown format, expected PyTorch's zip or legacy format"
        )
        for name in ["pytorch_model.bin", "model.safetensors"] {
            let path = try folder.write("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8, to: name)
            #expect(
                try message { _ = try Checkpoint(directory: folder.path) }
                    == "\(path): file: found a Git LFS pointer, expected the file itself (run `git lfs pull`)"
            )
        }
    }
}
