/// A diagram of lines, or of points, as SVG.
struct Chart {
    /// Points that belong together.
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        /// Whether each point is shown, because few were measured.
        var hasMarks = false
    }

    /// Colours that the page's style has.
    private static let colours = 4
    private static let ticks = 4.0

    var title: String
    var xName: String
    var series: [Series]
    /// A vertical line at this place, with its name.
    var mark: (x: Double, name: String)?
    /// What the series are.
    enum Form {
        /// Lines over x.
        case lines
        /// Points only, in a square.
        case points
        /// Points whose x and y should be equal: a square with its diagonal, where both have one scale.
        case comparison
    }

    var form = Form.lines
    /// What y is, where the title does not say it.
    var yName: String?
    /// Values that the axes of a comparison show at least.
    var scale: [Double] = []

    private var width: Double { 400 }
    private var isSquare: Bool { form != .lines }
    private var height: Double { isSquare ? 400 : 230 }
    private var left: Double { 52 }
    private var bottom: Double { height - 40 }
    private var right: Double { width - 12 }
    private var top: Double { 18 }

    /// Numbers above this cannot be told from an infinite one in a picture.
    private static let most = 1e30

    private static func shown(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        points.filter { abs($0.x) < most && abs($0.y) < most }
    }

    private var finite: [(x: Double, y: Double)] { Self.shown(series.flatMap(\.points)) }

    /// The diagram with title and legend; nil if there are fewer than two points to show.
    var html: String? {
        guard finite.count > 1 else { return nil }
        let (x, y) = axes
        var svg = "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" "
        svg += "aria-label=\"\(HTMLPage.escaped(title))\">\n"
        svg += grid(x, y)
        for (index, one) in series.enumerated() { svg += isSquare ? dots(one, index, x, y) : line(one, index, x, y) }
        svg += "</svg>"
        let legend = series.enumerated().map { index, one in
            "<span><i style=\"background: \(colour(index))\"></i>\(HTMLPage.escaped(one.name))</span>"
        }
        return "<figure class=\"chart\(isSquare ? " square" : "")\">\n<h3>\(HTMLPage.escaped(title))</h3>\n"
            + (series.count > 1 ? "<div class=\"legend\">\(legend.joined())</div>\n" : "") + svg + "\n</figure>"
    }

    private func colour(_ index: Int) -> String { "var(--series\(index % Self.colours))" }

    private var axes: (x: Axis, y: Axis) {
        let (xs, ys) = (finite.map(\.x), finite.map(\.y))
        if form == .comparison {
            let all = xs + ys + scale
            let both = Axis(all, ticks: Self.ticks, from: left, to: right)
            return (both, Axis(all, ticks: Self.ticks, from: bottom, to: top))
        }
        var x = Axis(xs, ticks: Self.ticks, from: left, to: right)
        // Steps and epochs fill the whole width.
        if form == .lines { (x.low, x.high) = (min(0, xs.min() ?? 0), xs.max() ?? 1) }
        return (x, Axis(ys, ticks: Self.ticks, from: bottom, to: top))
    }

    private func grid(_ x: Axis, _ y: Axis) -> String {
        var svg = ""
        for tick in y.ticks {
            let place = Self.pixels(y.place(tick))
            svg += "<path class=\"grid\" d=\"M\(Self.pixels(left)) \(place)H\(Self.pixels(right))\"/>"
            svg += text(tick, x: left - 6, y: y.place(tick) + 4, anchor: "end")
        }
        for tick in x.ticks { svg += text(tick, x: x.place(tick), y: bottom + 17, anchor: "middle") }
        svg += "<text x=\"\(Self.pixels(right))\" y=\"\(Self.pixels(height - 5))\" text-anchor=\"end\">"
        svg += HTMLPage.escaped(xName) + "</text>\n"
        if let yName {
            svg += "<text x=\"\(Self.pixels(left))\" y=\"\(Self.pixels(top - 6))\">\(HTMLPage.escaped(yName))</text>\n"
        }
        if let mark {
            let place = Self.pixels(x.place(mark.x))
            let isRight = x.place(mark.x) > (left + right) / 2
            svg += "<path class=\"mark\" d=\"M\(place) \(Self.pixels(top))V\(Self.pixels(bottom))\"/>"
            svg += "<text x=\"\(Self.pixels(x.place(mark.x) + (isRight ? -5 : 5)))\" y=\"\(Self.pixels(top - 6))\" "
            svg += "text-anchor=\"\(isRight ? "end" : "start")\">\(HTMLPage.escaped(mark.name))</text>\n"
        }
        if form == .comparison {
            let (low, high) = (Self.pixels(left), Self.pixels(right))
            svg += "<path class=\"mark\" d=\"M\(low) \(Self.pixels(bottom))L\(high) \(Self.pixels(top))\"/>\n"
        }
        return svg
    }

    private func text(_ value: Double, x: Double, y: Double, anchor: String) -> String {
        "<text x=\"\(Self.pixels(x))\" y=\"\(Self.pixels(y))\" text-anchor=\"\(anchor)\">"
            + "\(Decimals.significant(value))</text>"
    }

    private func line(_ one: Series, _ index: Int, _ x: Axis, _ y: Axis) -> String {
        let points = Self.shown(one.points)
        let places = points.map { (x: Self.pixels(x.place($0.x)), y: Self.pixels(y.place($0.y))) }
        let path = places.map { "\($0.x) \($0.y)" }.joined(separator: "L")
        var svg = "<path class=\"series\" stroke=\"\(colour(index))\" d=\"M\(path)\"/>\n"
        guard one.hasMarks else { return svg }
        for (point, place) in zip(points, places) {
            svg += "<circle cx=\"\(place.x)\" cy=\"\(place.y)\" r=\"3.5\" fill=\"\(colour(index))\"><title>"
            svg += "\(HTMLPage.escaped(one.name)) \(Decimals.significant(point.y)), "
            svg += "\(HTMLPage.escaped(xName)) \(Decimals.significant(point.x))</title></circle>\n"
        }
        return svg
    }

    private func dots(_ one: Series, _ index: Int, _ x: Axis, _ y: Axis) -> String {
        Self.shown(one.points).map { point in
            "<circle cx=\"\(Self.pixels(x.place(point.x)))\" cy=\"\(Self.pixels(y.place(point.y)))\" "
                + "r=\"\(one.hasMarks ? 5 : 3)\" fill=\"\(colour(index))\" "
                + "fill-opacity=\"\(one.hasMarks ? ".85" : ".45")\"/>"
        }.joined(separator: "\n") + "\n"
    }

    private static func pixels(_ value: Double) -> String { Decimals.fixed(value, digits: 1) }
}

/// An axis: its values, and their places in the picture.
private struct Axis {
    var low, high: Double
    private let step: Double
    private let from, to: Double

    /// An axis with about so many ticks at round numbers.
    init(_ values: [Double], ticks: Double, from: Double, to: Double) {
        (self.from, self.to) = (from, to)
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        // One value alone gets room around it.
        let size = max(abs(least), abs(most), 1e-20)
        let range = most - least > 1e-9 * size ? most - least : 0.1 * size
        let rough = range / ticks
        var power = 1.0
        while power > rough { power /= 10 }
        while power * 10 <= rough { power *= 10 }
        step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1)
        low = (least / step).rounded(.down) * step
        high = (most / step).rounded(.up) * step
        if high <= low { (low, high) = (low - step, high + step) }
    }

    var ticks: [Double] {
        // A quotient that should be a whole number may be a little above or below it.
        let (first, last) = ((low / step - 1e-6).rounded(.up), (high / step + 1e-6).rounded(.down))
        guard first.isFinite, last.isFinite, last - first < 100 else { return [] }
        // Adding 0 makes -0 a 0.
        return stride(from: first, through: last, by: 1).map { $0 * step + 0 }
    }

    func place(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }
}
