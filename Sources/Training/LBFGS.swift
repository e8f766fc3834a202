/// Minimizes a smooth function by the limited-memory BFGS method (Nocedal and Wright, Numerical Optimization, 2nd
/// edition, algorithms 7.4 and 7.5), with a line search for the strong Wolfe conditions (algorithms 3.5 and 3.6).
package struct LBFGS: Sendable {
    /// It is over when no component of the gradient is larger.
    package var gradientTolerance = 1e-6
    /// It is over, in any case, after so many steps.
    package var maxIterations = 1000

    /// Steps that are remembered; scipy's number.
    private static let memory = 10
    /// It is over when a step lessens the value by no more than this share of it, below which is rounding; scipy's
    /// factor in scikit-learn.
    private static let valueTolerance = 64 * Double.ulpOfOne

    /// The tolerances as they are when nothing is said.
    package init() {}

    /// Where a search came to.
    package struct Result: Sendable {
        /// The point.
        package var point: [Double]
        /// The function there.
        package var value: Double
        /// The gradient's largest component there.
        package var gradientNorm: Double
        /// Steps taken.
        package var iterations: Int
        /// Whether it ended by a tolerance, and not by ``maxIterations``.
        package var converged: Bool
    }

    /// Goes down from `start`.
    ///
    /// - Parameter function: the value at a point, and the gradient, of as many components.
    package func minimize(
        from start: [Double],
        _ function: ([Double]) throws -> (value: Double, gradient: [Double])
    ) rethrows -> Result {
        var (value, gradient) = try function(start)
        var point = start
        var pairs: [CurvaturePair] = []
        for iteration in 0..<maxIterations {
            let norm = Self.largest(gradient)
            if norm <= gradientTolerance {
                return Result(point: point, value: value, gradientNorm: norm, iterations: iteration, converged: true)
            }
            var direction = Self.direction(gradient, pairs)
            if Self.product(direction, gradient) >= 0 {
                // Rounding has spoilt the memory: begin anew, straight down.
                pairs = []
                direction = gradient.map { -$0 }
            }
            // Nothing is known yet of how far to go: as scipy does, a step of length 1 at most.
            let first = pairs.isEmpty ? min(1, 1 / Self.product(direction, direction).squareRoot()) : 1
            let search = WolfeSearch(point: point, direction: direction, value: value, gradient: gradient)
            guard let next = try search.step(from: first, function) else {
                // No smaller value is to be found along the way down: this is the minimum as far as doubles tell.
                return Result(point: point, value: value, gradientNorm: norm, iterations: iteration, converged: true)
            }
            if let pair = CurvaturePair(from: (point, gradient), to: (next.point, next.gradient)) {
                if pairs.count == Self.memory { pairs.removeFirst() }
                pairs.append(pair)
            }
            let decrease = value - next.value
            let scale = max(abs(value), abs(next.value), 1)
            (point, value, gradient) = (next.point, next.value, next.gradient)
            if decrease <= Self.valueTolerance * scale {
                let norm = Self.largest(gradient)
                let count = iteration + 1
                return Result(point: point, value: value, gradientNorm: norm, iterations: count, converged: true)
            }
        }
        let norm = Self.largest(gradient)
        return Result(
            point: point,
            value: value,
            gradientNorm: norm,
            iterations: maxIterations,
            converged: norm <= gradientTolerance
        )
    }

    /// The negative gradient times the remembered steps' estimate of the inverse Hessian: the two loops.
    private static func direction(_ gradient: [Double], _ pairs: [CurvaturePair]) -> [Double] {
        var direction = gradient.map { -$0 }
        guard let last = pairs.last else { return direction }
        var factors: [Double] = []
        for pair in pairs.reversed() {
            let factor = product(pair.step, direction) / pair.curvature
            factors.append(factor)
            add(pair.change, times: -factor, to: &direction)
        }
        let scale = last.curvature / product(last.change, last.change)
        for index in direction.indices { direction[index] *= scale }
        for (pair, factor) in zip(pairs, factors.reversed()) {
            let correction = product(pair.change, direction) / pair.curvature
            add(pair.step, times: factor - correction, to: &direction)
        }
        return direction
    }

    static func product(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    private static func add(_ vector: [Double], times factor: Double, to sums: inout [Double]) {
        for index in sums.indices { sums[index] += vector[index] * factor }
    }

    private static func largest(_ vector: [Double]) -> Double {
        vector.reduce(0) { max($0, abs($1)) }
    }
}

/// A step taken and what it changed of the gradient.
private struct CurvaturePair {
    let step: [Double]
    let change: [Double]
    /// Their product, which is positive.
    let curvature: Double

    /// Nil where the curvature is lost in rounding.
    init?(from old: (point: [Double], gradient: [Double]), to new: (point: [Double], gradient: [Double])) {
        step = zip(new.point, old.point).map { $0 - $1 }
        change = zip(new.gradient, old.gradient).map { $0 - $1 }
        curvature = LBFGS.product(step, change)
        guard curvature > Double.ulpOfOne * LBFGS.product(change, change) else { return nil }
    }
}
