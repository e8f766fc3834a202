internal import Compute
internal import LinearAlgebra
import ModelFiles
internal import Synchronization

/// The last step of loading a part of the model, after it is folded: reads its matrices again, applies to them what was
/// folded, and packs them. Parts take this step on any thread and in any order.
typealias Packing<Part> = @Sendable (inout WeightPacker) throws(ModelError) -> Part

/// Packs the weights of one part after the other, on one thread.
struct WeightPacker {
    let formats: WeightFormats
    /// The memory of packed weights, which all threads share.
    let arena: WeightArena
    /// Scratch memory for a matrix that is being read.
    private var values: [Float] = []

    init(_ formats: WeightFormats, in arena: WeightArena) {
        self.formats = formats
        self.arena = arena
    }

    /// The balance of a product's inputs; nil for a product without one.
    mutating func balance(of map: AffineMap, for role: WeightFormats.Role) throws(ModelError) -> InputBalance? {
        formats.format(of: role) == .int8 ? try InputBalance(of: map, &values) : nil
    }

    /// The layer, packed for its place in the model.
    ///
    /// - Parameter balancedBefore: the balance by which the inputs are multiplied already.
    mutating func layer(
        _ map: AffineMap,
        for role: WeightFormats.Role,
        biased: Bool = false,
        activation: Activation = .linear,
        accumulates: Bool = false,
        inputSigns: ValueSigns = .any,
        balancedBefore: InputBalance? = nil
    ) throws(ModelError) -> LinearLayer {
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
    ) throws(ModelError) -> (weight: PackedWeight, bias: [Float]) {
        var rows = FoldedRows(map)
        var failure: ModelError?
        let weight = PackedWeight(
            outputs: map.outputs,
            inputs: map.inputs,
            format: formats.format(of: role),
            arithmetic: formats.arithmetic,
            rotatesInputs: formats.rotatesInputs && formats.format(of: role) == .int8,
            arena: arena
        ) { output, row, start in
            guard failure == nil else { return }
            do throws(ModelError) {
                try rows.fold(output, &row, from: start, &values)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return (weight, rows.bias.map(Float.init))
    }

    /// A matrix as a table of vectors, in bfloat16 if it `isNarrow`.
    func table(_ matrix: StoredMatrix, isNarrow: Bool = false) throws(ModelError) -> EmbeddingTable {
        try EmbeddingTable(
            rows: matrix.outputs,
            width: matrix.inputs,
            isNarrow: isNarrow,
            arena: arena
        ) { values throws(ModelError) in
            try matrix.read(into: &values)
        }
    }

    /// Packs all parts, on up to `threads` threads.
    static func pack(
        _ parts: [any PackingJob],
        _ formats: WeightFormats,
        threads: Int,
        onPacked: PackingObserver? = nil
    ) {
        let arena = WeightArena()
        let next = Atomic(0)
        let done = Atomic(0)
        // Dispatch's concurrentPerform would run inside another one, which loads the tokenizer beside the weights. The
        // inner one gets no second thread on a machine of two CPUs.
        let team = ThreadTeam(startingThreads: min(threads, parts.count), named: "load")
        defer { team.dismiss() }
        team.run { _ in
            var packer = WeightPacker(formats, in: arena)
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < parts.count else { return }
                parts[index].run(&packer)
                onPacked?(done.add(1, ordering: .relaxed).newValue, parts.count)
            }
        }
    }
}

/// A part of the model on its way: its packing, and then the part itself.
final class PackedPart<Part: Sendable>: PackingJob {
    private let packing: Packing<Part>
    private let result = Mutex<Result<Part, ModelError>?>(nil)

    init(_ packing: @escaping Packing<Part>) {
        self.packing = packing
    }

    func run(_ packer: inout WeightPacker) {
        let packed = Result { () throws(ModelError) in try packing(&packer) }
        result.withLock { $0 = packed }
    }

    /// The part, once it has been packed.
    func get() throws(ModelError) -> Part {
        guard let packed = result.withLock({ $0 }) else { preconditionFailure("a part is read before it is packed") }
        return try packed.get()
    }
}

/// A part of the model of any type that is to be packed.
protocol PackingJob: Sendable {
    /// Packs the part; a failure is kept with it.
    func run(_ packer: inout WeightPacker)
}
