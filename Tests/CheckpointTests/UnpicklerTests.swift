import Testing

@testable import Checkpoint
@testable import ModelFiles

@Suite("The unpickler")
struct UnpicklerTests {
    private func load(_ bytes: [UInt8]) throws -> Unpickler.Result {
        try Unpickler.load(from: bytes.span.bytes, at: 0..<bytes.count, file: "p")
    }

    private static let storage = Pickle.storage("0", count: 6)
    private static let orderedDictionary = Pickle.global("collections", "OrderedDict")

    @Test(
        "names that tensors do not need are refused",
        arguments: [
            ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "getattr"),
            ("subprocess", "Popen"),
            ("torch", "load"), ("torch", "hub.load"), ("torch._utils", "_rebuild_qtensor"),
            ("collections", "OrderedDict "),
            ("", ""), ("torch.jit", "_script"), ("numpy.core.multiarray", "_reconstruct"), ("torch", "FloatTensor"),
        ]
    )
    func forbidden(_ module: String, _ name: String) throws {
        let bytes = Pickle.document(Pickle.call(Pickle.global(module, name), [Pickle.string("true")]))
        #expect(throws: ModelError.forbiddenGlobal(file: "p", name: "\(module).\(name)")) { try load(bytes) }
        let stacked = Pickle.document(Pickle.string(module) + Pickle.string(name) + [0x93])
        #expect(throws: ModelError.forbiddenGlobal(file: "p", name: "\(module).\(name)")) { try load(stacked) }
    }

    @Test(
        "integers of every width are read",
        arguments: [
            ([0x4B, 200], 200), ([0x4D, 0x01, 0x80], 0x8001), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2), ([0x8A, 0], 0),
            ([0x8A, 1, 0xFF], -1), ([0x8A, 2, 0xFF, 0], 255), ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], Int.min),
        ] as [([UInt8], Int)]
    )
    func integers(_ code: [UInt8], _ expected: Int) throws {
        guard case .integer(let value) = try load(Pickle.document(code)).value else {
            Issue.record("not an integer")
            return
        }
        #expect(value == expected)
    }

    static let malformed: [([UInt8], String)] = [
        ([], "byte 2: found its end, expected more of the pickle (at most 67108864 bytes)"),
        (Array("N".utf8), "byte 3: found its end, expected more of the pickle (at most 67108864 bytes)"),
        (Array(".".utf8), "byte 3: found an empty stack, expected a value"),
        (Array("NN.".utf8), "byte 5: found 1 values left over, expected one value in all"),
        (Array("(N.".utf8), "byte 5: found 0 values left over, expected one value in all"),
        (Array("(.".utf8), "byte 4: found an empty stack, expected a value"),
        (Array("t.".utf8), "byte 3: found no mark, expected one on the stack"),
        (Array("N(\u{61}.".utf8), "byte 5: found an empty stack, expected 1 on it"),
        (Array("NNa.".utf8), "byte 5: found None, expected a list to append to"),
        (Array("](Na.".utf8), "byte 6: found an empty stack, expected a list to append to"),
        (Array("NNNs.".utf8), "byte 6: found None, expected a dictionary to set items of"),
        (Array("}(Nu.".utf8), "byte 6: found a key without value, expected both"),
        (Array("h\u{7}.".utf8), "byte 4: found memo entry 7, which is not set, expected one set before"),
        (Array("gx\n.".utf8), "byte 5: found \"x\", expected a memo index"),
        (Array("q\u{0}.".utf8), "byte 4: found an empty stack, expected a value to remember"),
        (Array("I1\n.".utf8), "byte 2: found opcode 0x49, expected one that tensors need"),
        (Array("(lN\u{62}.".utf8), "byte 3: found opcode 0x6c, expected one that tensors need"),
        ([0x80, 6], "byte 2: found pickle protocol 6, expected 2 to 5"),
        ([0x58, 2, 0, 0, 0, 0xFF, 0xFE], "byte 9: found a string that is not UTF-8, expected text"),
        (Array("NNR.".utf8), "byte 5: found a call of None, expected a function"),
        (Array("NNb.".utf8), "byte 5: found state (None) for None, expected a dictionary"),
    ]

    @Test("a malformed pickle is refused with its place", arguments: malformed)
    func malformedPickles(_ code: [UInt8], _ expected: String) throws {
        let bytes =
            code.last == UInt8(ascii: ".") || code.isEmpty ? Pickle.start + code : Pickle.start + code + Pickle.stop
        let cut = expected.hasPrefix("byte 3: found its end") ? Array(bytes.dropLast()) : bytes
        #expect(try message { _ = try load(cut) } == "p: pickle, \(expected)")
    }

    static let wrongTensors: [([UInt8], String)] = [
        (orderedDictionary + Array("NR.".utf8), "found None as arguments of collections.OrderedDict, expected a tuple"),
        (
            Pickle.call(orderedDictionary, [[0x4E]]),
            "found collections.OrderedDict of 1 arguments, expected as many as it has"
        ),
        (Array("NQ.".utf8), "found the persistent id None, expected (\"storage\", type, key, location, count)"),
        (
            Pickle.storage("0", count: -1),
            "found the persistent id (\"storage\", a torch storage of float32, \"0\", \"cpu\", -1), expected (\"storage\", type, key, location, count)"
        ),
        (
            Pickle.storage(
                "0",
                count: 6,
                view: Pickle.tuple([Pickle.string("v"), Pickle.integer(4), Pickle.integer(3)])
            ),
            "found the storage view (\"v\", 4, 3), expected (key, offset, count) within 6 elements"
        ),
        (
            Pickle.storage(
                "0",
                count: 6,
                view: Pickle.tuple([Pickle.string("v"), Pickle.integer(1), Pickle.integer(.max)])
            ),
            "found the storage view (\"v\", 1, 9223372036854775807), expected (key, offset, count) within 6 elements"
        ),
        (
            Pickle.tensor(storage, offset: -1, shape: [], strides: []),
            "found a tensor of a storage from -1, expected a storage and an offset"
        ),
        (Pickle.tensor(storage, shape: [-1], strides: [1]), "found -1 as a dimension, expected an integer not below 0"),
        (Pickle.tensor(storage, shape: [1], strides: [-1]), "found -1 as a dimension, expected an integer not below 0"),
        (Pickle.tensor(storage, shape: [1], strides: []), "found 1 sizes and 0 strides, expected one for each"),
        (
            Pickle.tensor([0x4E], shape: [1], strides: [1]),
            "found a tensor of None from 0, expected a storage and an offset"
        ),
        (
            Pickle.tensor(storage, shape: [Int](repeating: 1, count: 17), strides: []),
            "found a tuple, expected a tuple of at most 16 dimensions"
        ),
    ]

    @Test("a malformed description of a tensor is refused, saying what is wrong with it", arguments: wrongTensors)
    func malformedTensors(_ code: [UInt8], _ expected: String) throws {
        let found = try #require(try message { _ = try load(Pickle.document(code)) })
        #expect(found.hasPrefix("p: pickle, byte ") && found.hasSuffix(": \(expected)"), "\(found)")
    }

    @Test("a pickle cut anywhere is an error")
    func truncated() throws {
        let bytes = Pickle.document(
            Pickle.dictionary([("w", Pickle.tensor(Self.storage, shape: [2, 3], strides: [3, 1]))])
        )
        #expect(throws: Never.self) { try load(bytes) }
        for length in 0..<bytes.count {
            #expect(throws: ModelError.self) { try load(Array(bytes.prefix(length))) }
        }
    }

    @Test("a million nested tuples, or a list inside itself, cost neither recursion nor a leak")
    func nesting() throws {
        let nested = Pickle.document(Array(")".utf8) + [UInt8](repeating: 0x85, count: 1_000_000))
        #expect(try load(nested).objects.tuples.count == 1_000_001)
        let selfReference = Pickle.document(Array("]q\u{0}h\u{0}a".utf8))
        guard case .list(0)? = try load(selfReference).objects.lists.first?.first else {
            Issue.record("the list does not hold itself")
            return
        }
    }

    @Test("opcodes, strings and lines are bounded")
    func limits() throws {
        let endless = Pickle.start + [UInt8](repeating: UInt8(ascii: "N"), count: 3_100_000)
        #expect(
            try message { _ = try load(endless) }
                == "p: pickle opcodes: found more than 3000000, the limit is 3000000"
        )
        let long = Pickle.start + [0x8D] + littleEndian(UInt64.max)
        #expect(
            try message { _ = try load(long) }
                == "p: pickle, byte 11: bytes of a string: found 18446744073709551615, the limit is 65536"
        )
        let line = Pickle.start + [UInt8](repeating: UInt8(ascii: "c"), count: 100_000)
        #expect(
            try message { _ = try load(line) } == "p: pickle, byte 65540: found a line without end, expected a name"
        )
    }

    @Test("tuples that double by reference stay small")
    func referenceBomb() throws {
        // Each tuple holds the one before twice: 2^200 leaves if anything walked them.
        var code: [UInt8] = Array(")q\u{0}".utf8)
        for _ in 0..<200 { code += Array("h\u{0}h\u{0}".utf8) + [0x86] + Array("q\u{0}".utf8) }
        let bytes = Pickle.document(Pickle.mark + code + Array("t".utf8))
        #expect(try load(bytes).objects.tuples.count == 202)
        #expect(
            try message { _ = try TorchStateDictionary(try load(bytes), file: "p") }
                == "p: pickle: found a tuple, expected a dictionary of names and tensors"
        )
    }
}
