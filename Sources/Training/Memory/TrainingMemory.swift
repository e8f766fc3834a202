internal import LinearAlgebra

/// All floats of a training run in one buffer, allocated once: trained parameters, their gradients and their two
/// moments, each as long as the others; the parameters that stay as they are; then the activations of one batch.
///
/// Owner: the trainer. While its team runs, each thread writes only its own rows, columns or heads between two
/// meetings, as ``AlignedBuffer`` says; otherwise only the leader touches it.
final class TrainingMemory: @unchecked Sendable {
    private(set) var buffer: AlignedBuffer
    let parameters: [Parameter]
    let trainedFloats: Int
    private let frozenBase: Int
    private let activationBase: Int

    init(_ plan: MemoryPlan) {
        parameters = plan.parameters
        trainedFloats = plan.trainedFloats
        frozenBase = 4 * plan.trainedFloats
        activationBase = frozenBase + plan.frozenFloats
        // Activations are written before they are read, so those of rows that no batch has take no memory.
        buffer = AlignedBuffer(minimumCount: activationBase + plan.activationFloats, zeroed: false)
        buffer.clear(0..<activationBase)
    }

    private func base(_ parameter: Parameter) -> Int { parameter.isTrained ? 0 : frozenBase }

    func values(_ parameter: Parameter) -> MatrixRegion { parameter.region(at: base(parameter)) }

    /// - Precondition: the parameter is trained.
    func gradient(_ parameter: Parameter) -> MatrixRegion {
        precondition(parameter.isTrained, "\(parameter.name) has no gradient")
        return parameter.region(at: trainedFloats)
    }

    /// The moment of AdamW with the index 0 or 1.
    ///
    /// - Precondition: the parameter is trained.
    func moment(_ index: Int, _ parameter: Parameter) -> MatrixRegion {
        precondition(parameter.isTrained, "\(parameter.name) has no moments")
        return parameter.region(at: (2 + index) * trainedFloats)
    }

    /// The first `count` rows of a place.
    func region(_ place: ActivationPlace, rows count: Int) -> MatrixRegion {
        MatrixRegion(offset: activationBase + place.offset, rows: count, columns: place.columns, stride: place.stride)
    }

    /// Gives `body` a region's floats, which lie without gaps, to write.
    func write<Failure: Error>(
        _ region: MatrixRegion,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        try buffer.withMutableSpan { (all: inout MutableSpan<Float>) throws(Failure) in
            var part = all._mutatingExtracting(region.offset..<region.end)
            try body(&part)
        }
    }

    /// A copy of a region's values, row by row.
    func read(_ region: MatrixRegion) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(region.rows * region.columns)
        read(region, into: &values)
        return values
    }

    /// Replaces an array's contents by a region's values, row by row.
    func read(_ region: MatrixRegion, into values: inout [Float]) {
        values.removeAll(keepingCapacity: true)
        buffer.withSpan { all in
            for row in 0..<region.rows {
                let start = region.offset + row * region.stride
                for index in start..<start + region.columns { values.append(all[index]) }
            }
        }
    }
}
