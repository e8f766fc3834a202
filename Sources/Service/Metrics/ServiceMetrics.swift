package import Batching
import Inference

/// The figures that the service itself counts. All other figures on the page of /metrics are read from their owners
/// when the page is made.
package final class ServiceMetrics: Sendable {
    /// Statuses that have their own counter; any other status is counted as 500.
    static let statuses = [
        200, 204, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 417, 422, 424, 429, 431, 499, 500, 501, 503, 504,
        505,
    ]
    /// The statuses that are shown for every route even at zero. Alerts use them, and a rate sees the first event of a
    /// series only if the series existed before. With all statuses, the page would be five times as long.
    static let watchedStatuses: Set = [200, 424, 429, 500, 503, 504]
    /// The classes of statuses. Durations are counted for each class.
    static let statusClasses = ["2xx", "4xx", "5xx"]

    /// Bounds in seconds, from an immediate health answer to a request that waited behind a full queue.
    static let timeBounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    static let textBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    static let tokenBounds: [Double] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]

    /// The values of the label `route`; the last is for paths that no route has.
    let routeNames: [String]
    /// The names of routes that are work.
    let workRouteNames: Set<String>
    private let rows: [String: Int]

    /// `[name of a route][status]`.
    private let requests: [Cells]
    /// `[name of a route][class of the status]`.
    let requestDurations: [[Histogram]]
    let inFlight: Cells
    let batchTexts = Histogram(bounds: ServiceMetrics.textBounds)
    let batchTokens = Histogram(bounds: ServiceMetrics.tokenBounds)
    let batchDuration = Histogram(bounds: ServiceMetrics.timeBounds)
    let unreadTime = Histogram(bounds: ServiceMetrics.timeBounds)
    let queueTime = Histogram(bounds: ServiceMetrics.timeBounds)
    let tokenizationTime = Histogram(bounds: ServiceMetrics.timeBounds)
    /// 0: tokens computed; 1: padded positions that the batches held and the engine left out; 2: inputs that were
    /// cut to the model's length.
    private let totals = Cells(count: 3)
    let tei = TEIMetrics()

    /// Starts with all counts at zero.
    /// - Parameter routes: the routes that are counted by name. Routes that share a name are counted together.
    init(routes: [RouteLabel]) {
        var names: [String] = []
        for route in routes where !names.contains(route.name) { names.append(route.name) }
        names.append("other")
        routeNames = names
        workRouteNames = Set(routes.filter(\.isWork).map(\.name))
        rows = Dictionary(uniqueKeysWithValues: zip(names, 0...))
        inFlight = Cells(count: names.count)
        requests = names.map { _ in Cells(count: Self.statuses.count) }
        requestDurations = names.map { _ in
            Self.statusClasses.map { _ in Histogram(bounds: ServiceMetrics.timeBounds) }
        }
    }

    /// Counts a request that has ended: its answer has been sent, or will never be sent.
    func finished(_ entry: AccessEntry) {
        let row = row(of: entry.route)
        let column = Self.statuses.firstIndex(of: entry.status) ?? Self.statuses.firstIndex(of: 500) ?? 0
        requests[row].increment(column)
        let statusClass = entry.status < 400 ? 0 : entry.status < 500 ? 1 : 2
        requestDurations[row][statusClass].observe(entry.total)
        unreadTime.observe(entry.unread)
        tei.count(entry)
    }

    /// Notes that work on a request of a route begins.
    func began(_ route: RouteLabel) { inFlight.increment(row(of: route)) }
    /// Notes that work on a request of a route has ended.
    func ended(_ route: RouteLabel) { inFlight.increment(row(of: route), by: -1) }

    /// Counts a batch.
    package func batchFinished(_ report: BatchReport) {
        batchTexts.observe(Double(report.sequences))
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

    /// The number of answers of a route (by its place in ``routeNames``) with one of ``statuses``.
    func requestCount(row: Int, column: Int) -> Int { requests[row][column] }

    private func row(of route: RouteLabel?) -> Int {
        route.flatMap { rows[$0.name] } ?? routeNames.count - 1
    }
}
