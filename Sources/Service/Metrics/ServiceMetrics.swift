package import Batching

/// What the service counts itself. Everything else that /metrics shows is read from its owner at that moment.
package final class ServiceMetrics: Sendable {
    /// Statuses with a counter of their own; any other is counted as 500.
    static let statuses = [
        200, 204, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 417, 422, 424, 429, 431, 499, 500, 501, 503, 504,
        505,
    ]
    /// Those that are shown at zero too, of every route: a rate sees the first of a series only where it was there
    /// before, and these are what operators are woken by. With all of them the page would have five times the bytes.
    static let watchedStatuses: Set = [200, 424, 429, 500, 503, 504]
    /// The classes of statuses, by which durations are kept apart.
    static let statusClasses = ["2xx", "4xx", "5xx"]

    /// Seconds: from a cached health answer to a request that waited out a full queue.
    static let timeBounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    static let rowBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    static let tokenBounds: [Double] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]

    /// What the label `route` may be; the last is for paths that no route has.
    static let routeNames = RouteTable.service.names + ["other"]
    /// Those of them that are work.
    static let workRouteNames = Set(RouteTable.service.routes.filter { !$0.isStatus }.map(\.name))
    private static let rows = Dictionary(uniqueKeysWithValues: zip(routeNames, 0...))

    /// `[name of a route][status]`.
    private let requests: [Cells]
    /// `[name of a route][class of the status]`.
    let requestDurations: [[Histogram]]
    let inFlight = Cells(count: ServiceMetrics.routeNames.count)
    let batchRows = Histogram(bounds: ServiceMetrics.rowBounds)
    let batchTokens = Histogram(bounds: ServiceMetrics.tokenBounds)
    let batchDuration = Histogram(bounds: ServiceMetrics.timeBounds)
    let queueTime = Histogram(bounds: ServiceMetrics.timeBounds)
    let tokenizationTime = Histogram(bounds: ServiceMetrics.timeBounds)
    /// 0: tokens computed; 1: padded positions that the batches held and the engine left out; 2: inputs that were
    /// cut to the model's length.
    private let totals = Cells(count: 3)
    let tei = TEIMetrics()

    /// All counts at zero.
    package init() {
        let rows = Self.routeNames.count
        requests = (0..<rows).map { _ in Cells(count: Self.statuses.count) }
        requestDurations = (0..<rows).map { _ in
            Self.statusClasses.map { _ in Histogram(bounds: ServiceMetrics.timeBounds) }
        }
    }

    /// Counts a request whose answer has been sent, or never will be.
    func finished(_ entry: AccessEntry) {
        let row = Self.row(of: entry.route)
        let column = Self.statuses.firstIndex(of: entry.status) ?? Self.statuses.firstIndex(of: 500) ?? 0
        requests[row].increment(column)
        let statusClass = entry.status < 400 ? 0 : entry.status < 500 ? 1 : 2
        requestDurations[row][statusClass].observe(entry.total)
        tei.count(entry)
    }

    func began(_ route: Route) { inFlight.increment(Self.row(of: route)) }
    func ended(_ route: Route) { inFlight.increment(Self.row(of: route), by: -1) }

    /// Counts a batch.
    package func batchFinished(_ report: BatchReport) {
        batchRows.observe(Double(report.rows))
        batchTokens.observe(Double(report.tokens))
        batchDuration.observe(report.duration)
        for time in report.queueTimes { queueTime.observe(time) }
        totals.increment(0, by: report.tokens)
        totals.increment(1, by: report.padding)
    }

    func count(_ usage: Usage) {
        tokenizationTime.observe(usage.tokenizationTime)
        totals.increment(2, by: usage.truncatedInputs)
    }

    var tokens: Int { totals[0] }
    var padding: Int { totals[1] }
    var truncatedInputs: Int { totals[2] }

    /// How often a route, by its place in ``routeNames``, has answered with one of ``statuses``.
    func requestCount(row: Int, column: Int) -> Int { requests[row][column] }

    static func row(of route: Route?) -> Int {
        route.flatMap { rows[$0.name] } ?? routeNames.count - 1
    }
}
