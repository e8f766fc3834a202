import Testing

@testable import Training

@Suite("L-BFGS")
struct LBFGSTests {
    @Test("the minimum of Rosenbrock's valley is found")
    func rosenbrock() {
        var search = LBFGS()
        search.gradientTolerance = 1e-9
        let result = search.minimize(from: [-1.2, 1]) { point in
            let (x, y) = (point[0], point[1])
            let bend = y - x * x
            return (100 * bend * bend + (1 - x) * (1 - x), [-400 * x * bend - 2 * (1 - x), 200 * bend])
        }
        #expect(result.converged)
        #expect(result.iterations < 100)
        for value in result.point { #expect(abs(value - 1) < 1e-6) }
    }

    @Test("a quadratic whose axes differ by a million is minimized to where its gradient vanishes")
    func quadratic() {
        let scales = (0..<20).map { [1.0, 10, 1e3, 1e6][$0 % 4] }
        let result = LBFGS().minimize(from: scales.map { _ in 1 }) { point in
            let gradient = zip(scales, point).map { $0 * ($1 - 3) }
            let value = zip(scales, point).reduce(0) { $0 + 0.5 * $1.0 * ($1.1 - 3) * ($1.1 - 3) }
            return (value, gradient)
        }
        #expect(result.converged)
        for (value, scale) in zip(result.point, scales) { #expect(abs(value - 3) * scale < 1e-2) }
    }

    @Test("the search ends after the steps it may take, and says so")
    func limit() {
        var search = LBFGS()
        search.maxIterations = 2
        let result = search.minimize(from: [-1.2, 1]) { point in
            let (x, y) = (point[0], point[1])
            let bend = y - x * x
            return (100 * bend * bend + (1 - x) * (1 - x), [-400 * x * bend - 2 * (1 - x), 200 * bend])
        }
        #expect(result.iterations == 2)
        #expect(!result.converged)
    }
}
