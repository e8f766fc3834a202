/// Minimizes a smooth function by the limited-memory BFGS method (Nocedal and Wright, Numerical Optimization, 2nd
/// edition, algorithms 7.4 and 7.5), with a line search for the strong Wolfe conditions (algorithms 3.5 and 3.6).
package struct LBFGS: Sendable {
    /// The search ends when no component of the gradient is larger than this.
    package var gradientTolerance = 1e-6
    /// The search ends after this many steps in any case.
    package var maxIterations = 1000

    /// Number of steps that are remembered; scipy's default.
    private static let memory = 10
    /// The search ends when a step lowers the value by no more than this fraction of the value. That is the size of
    /// rounding errors; scikit-learn gives scipy the same factor.
    private static let valueTolerance = 64 * Double.ulpOfOne

    /// The default tolerances.
    package init() {}

    /// The result of a search.
    package struct Result: Sendable {
        /// The point.
        package var point: [Double]
        /// The function's value at ``point``.
        package var value: Double
        /// The gradient's largest component at ``point``.
        package var gradientNorm: Double
        /// Number of steps taken.
        package var iterations: Int
        /// Whether the search ended by a tolerance, and not by ``maxIterations``.
        package var converged: Bool
    }

    /// Searches for the minimum, from `start` on.
    ///
    /// - Parameter function: returns the value and the gradient at a point.
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
                // Rounding has made the remembered steps useless: start again with the negative gradient.
                pairs = []
                direction = gradient.map { -$0 }
            }
            // The scale is not known yet: as in scipy, the first step has length 1 at most.
            let first = pairs.isEmpty ? min(1, 1 / Self.product(direction, direction).squareRoot()) : 1
            let search = WolfeSearch(point: point, direction: direction, value: value, gradient: gradient)
            guard let next = try search.step(from: first, function) else {
                // The line search finds no smaller value in this direction: this is the minimum in double precision.
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

    /// The negative gradient times the estimate of the inverse Hessian from the remembered steps, by the two-loop
    /// recursion.
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

/// A step, and the change of the gradient over it.
private struct CurvaturePair {
    let step: [Double]
    let change: [Double]
    /// The dot product of step and change, which is positive.
    let curvature: Double

    /// Makes a pair; nil if the curvature is lost in rounding.
    init?(from old: (point: [Double], gradient: [Double]), to new: (point: [Double], gradient: [Double])) {
        step = zip(new.point, old.point).map { $0 - $1 }
        change = zip(new.gradient, old.gradient).map { $0 - $1 }
        curvature = LBFGS.product(step, change)
        guard curvature > Double.ulpOfOne * LBFGS.product(change, change) else { return nil }
    }
}
