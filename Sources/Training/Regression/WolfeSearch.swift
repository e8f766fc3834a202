/// A line search: finds how far to go in a direction, to a point where the value has fallen enough and the slope is
/// much flatter (the strong Wolfe conditions; Nocedal and Wright, algorithms 3.5 and 3.6, with cubic interpolation
/// safeguarded by bisection).
struct WolfeSearch {
    /// A point on the line that is searched.
    struct Place {
        let point: [Double]
        let value: Double
        let gradient: [Double]
        let length: Double
        let slope: Double
    }

    /// The decrease must be at least this fraction of the decrease that the first slope predicts.
    private static let sufficientDecrease = 1e-4
    /// The slope must be at most this fraction of the first slope. It is the usual value for quasi-Newton methods, with
    /// which most first steps are accepted.
    private static let curvature = 0.9
    /// Most points that are evaluated; scikit-learn's bound.
    private static let maxEvaluations = 50

    private let start: Place
    private let direction: [Double]

    init(point: [Double], direction: [Double], value: Double, gradient: [Double]) {
        self.direction = direction
        let slope = LBFGS.product(gradient, direction)
        start = Place(point: point, value: value, gradient: gradient, length: 0, slope: slope)
    }

    /// The first point that meets both conditions; else the lowest one seen, or nil if none is lower than the start.
    func step(
        from first: Double,
        _ function: ([Double]) throws -> (value: Double, gradient: [Double])
    ) rethrows -> Place? {
        var (low, high): (Place, Place?) = (start, nil)
        var length = first
        for _ in 0..<Self.maxEvaluations {
            let place = try place(at: length, function)
            let promised = start.value + Self.sufficientDecrease * length * start.slope
            // Written so that a value that is not a number counts as too high.
            if !(place.value <= promised && place.value < low.value) {
                high = place
            } else if abs(place.slope) <= -Self.curvature * start.slope {
                return place
            } else {
                // If the value rises at `place` in the direction away from `low`, the minimum lies between the two.
                if place.slope * (place.length - low.length) >= 0 { high = low }
                low = place
            }
            guard let high else {
                length *= 2
                continue
            }
            length = Self.between(low, high)
            let gap = abs(high.length - low.length)
            if gap <= Double.ulpOfOne * max(low.length, high.length) { break }
        }
        return low.length > 0 ? low : nil
    }

    private func place(
        at length: Double,
        _ function: ([Double]) throws -> (value: Double, gradient: [Double])
    ) rethrows -> Place {
        let point = zip(start.point, direction).map { $0 + length * $1 }
        let (value, gradient) = try function(point)
        let slope = LBFGS.product(gradient, direction)
        return Place(point: point, value: value, gradient: gradient, length: length, slope: slope)
    }

    /// The minimum of the cubic through both places, at least a tenth of the distance away from either end; the middle
    /// if the cubic has no minimum.
    private static func between(_ a: Place, _ b: Place) -> Double {
        let (from, to) = (min(a.length, b.length), max(a.length, b.length))
        let middle = (from + to) / 2
        let slopes = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length)
        let square = slopes * slopes - a.slope * b.slope
        guard square.isFinite, square >= 0 else { return middle }
        let root = b.length > a.length ? square.squareRoot() : -square.squareRoot()
        let fraction = (b.slope + root - slopes) / (b.slope - a.slope + 2 * root)
        let minimum = b.length - (b.length - a.length) * fraction
        guard minimum.isFinite else { return middle }
        return min(max(minimum, from + 0.1 * (to - from)), to - 0.1 * (to - from))
    }
}
