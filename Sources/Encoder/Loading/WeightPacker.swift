internal import Dispatch
internal import LinearAlgebra
internal import Synchronization

/// What is left to do for a part of the model once it is folded, on any thread and in any order: read its matrices
/// again, apply to them what was folded, and pack them.
typealias Packing<Part> = @Sendable (inout WeightPacker) throws(EncoderError) -> Part

/// One thread's means of packing.
struct WeightPacker {
    let formats: WeightFormats
    /// Where packed weights go; all threads' one.
    let arena: WeightArena
    /// Room for a matrix being read.
    private var values: [Float] = []

    init(_ formats: WeightFormats, in arena: WeightArena) {
        self.formats = formats
        self.arena = arena
    }

    /// What the inputs of a product are balanced by; nil where it does without.
    mutating func balance(of map: AffineMap, for role: WeightFormats.Role) throws(EncoderError) -> InputBalance? {
        formats.format(of: role) == .int8 ? try InputBalance(of: map, &values) : nil
    }

    /// The layer, packed for its place in the model.
    ///
    /// - Parameter balance: what the inputs are multiplied by already.
    mutating func layer(
        _ map: AffineMap,
        for role: WeightFormats.Role,
        biased: Bool = false,
        activation: Activation = .linear,
        accumulates: Bool = false,
        inputSigns: ValueSigns = .any,
        balancedBefore: InputBalance? = nil
    ) throws(EncoderError) -> LinearLayer {
        let balance = balancedBefore == nil ? try self.balance(of: map, for: role) : nil
        var map = map
        if let balance = balance ?? balancedBefore { map.divideInputs(by: balance.factors) }
        let (weight, bias) = try pack(map, for: role)
        return LinearLayer(
            weight: weight,
            bias: biased ? bias : nil,
            activation: activation,
            accumulates: accumulates,
            inputSigns: inputSigns,
            balance: balance.map { $0.factors.map(Float.init) }
        )
    }

    /// W, rounded to floats once and packed for its place in the model, and b.
    private mutating func pack(
        _ map: AffineMap,
        for role: WeightFormats.Role
    ) throws(EncoderError) -> (weight: PackedWeight, bias: [Float]) {
        var rows = FoldedRows(map)
        var failure: EncoderError?
        let weight = PackedWeight(
            outputs: map.outputs,
            inputs: map.inputs,
            format: formats.format(of: role),
            arithmetic: formats.arithmetic,
            rotatesInputs: formats.rotatesInputs && formats.format(of: role) == .int8,
            arena: arena
        ) { output, row, start in
            guard failure == nil else { return }
            do throws(EncoderError) {
                try rows.fold(output, &row, from: start, &values)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return (weight, rows.bias.map(Float.init))
    }

    /// A matrix as a table of vectors, in bfloat16 if it `isNarrow`.
    func table(_ matrix: StoredMatrix, isNarrow: Bool = false) throws(EncoderError) -> EmbeddingTable {
        try EmbeddingTable(
            rows: matrix.outputs,
            width: matrix.inputs,
            isNarrow: isNarrow,
            arena: arena
        ) { values throws(EncoderError) in
            try matrix.read(into: &values)
        }
    }

    /// Packs all parts, on up to `threads` threads, and returns them in their order.
    static func pack<Part: Sendable>(
        _ parts: [Packing<Part>],
        _ formats: WeightFormats,
        threads: Int
    ) throws(EncoderError) -> [Part] {
        let arena = WeightArena()
        let packed = Mutex<[Result<Part, EncoderError>?]>(Array(repeating: nil, count: parts.count))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, parts.count)) { _ in
            var packer = WeightPacker(formats, in: arena)
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < parts.count else { return }
                let result = Result { () throws(EncoderError) in try parts[index](&packer) }
                packed.withLock { $0[index] = result }
            }
        }
        var results: [Part] = []
        for result in packed.withLock({ $0 }) {
            if let result { results.append(try result.get()) }
        }
        return results
    }
}
