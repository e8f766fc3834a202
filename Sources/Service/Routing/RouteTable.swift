import Foundation
import HTTPProtocol
import HTTPTypes
import JSON

/// Finds the routes of a path.
struct RouteTable: Sendable {
    /// A route, with the path by which it was found.
    struct Entry: Sendable {
        let route: Route
        let path: RoutePath
    }

    /// The routes of a path.
    struct Found: Sendable {
        /// The routes, at least one. Of routes with equal methods, those that take only some bodies come first.
        var entries: [Entry]
        /// The values of the path's parameters, percent-decoded.
        var parameters: [String: String] = [:]

        /// The route for bodies that fit no other. Requests that are refused before their body is read are refused in
        /// this route's form.
        var fallback: Route { entries[entries.count - 1].route }

        /// The routes that take a method. A route that asks for certain header fields comes before the others.
        /// - Throws: 405 if there are none.
        func taking(_ method: String, _ fields: HTTPFields = [:]) throws(ServiceError) -> Found {
            let fitting = entries.filter { $0.route.methods.contains(method) }
            guard !fitting.isEmpty else {
                throw ServiceError(
                    405,
                    .methodNotAllowed,
                    "\(entries[0].path.template) does not take \(method.beginning(20)); it takes \(allow)",
                    allow: allow
                )
            }
            guard fitting.contains(where: { $0.path.asks != nil }) else {
                return Found(entries: fitting, parameters: parameters)
            }
            let asking = fitting.filter { $0.path.asks?(fields) ?? false }
            let chosen = asking.isEmpty ? fitting.filter { $0.path.asks == nil } : asking
            return Found(entries: chosen, parameters: parameters)
        }

        /// The value of an Allow field (RFC 9110, section 10.2.1).
        var allow: String {
            RouteTable.methods.filter { method in
                method == "OPTIONS" || entries.contains { $0.route.methods.contains(method) }
            }.joined(separator: ", ")
        }
    }

    private static let methods = ["GET", "HEAD", "POST", "OPTIONS"]
    /// The value of an Allow field for the service as a whole.
    static let allow = methods.joined(separator: ", ")

    let routes: [Route]
    /// The routes of paths without parameters, by path.
    private var exact: [String: [Entry]] = [:]
    /// The routes of paths with parameters, by segments.
    private var templates: [(segments: [Substring], entries: [Entry])] = []
    private let notFound: ServiceError

    init(_ routes: [Route]) {
        self.routes = routes
        var entries: [(template: String, entries: [Entry])] = []
        for route in routes {
            for path in route.paths {
                let entry = Entry(route: route, path: path)
                if let place = entries.firstIndex(where: { $0.template == path.template }) {
                    entries[place].entries.append(entry)
                } else {
                    entries.append((path.template, [entry]))
                }
            }
        }
        let known = entries.map(\.template).joined(separator: " ")
        notFound = ServiceError(404, .notFound, "there is nothing at this path; there is " + known)
        for (template, found) in entries {
            // A route that takes any body comes after those that take only some.
            let ordered = found.filter { $0.path.fits != nil } + found.filter { $0.path.fits == nil }
            if template.holds("{") {
                templates.append((Self.segments(template[...]), ordered))
            } else {
                exact[template] = ordered
            }
        }
        // The longer path says more: `/models/{model}/ready` comes before `/models/{model}`.
        templates.sort { $0.segments.count > $1.segments.count }
    }

    /// The routes' labels in logs and metrics.
    var labels: [RouteLabel] { routes.map(\.label) }

    /// The routes of a request's path.
    /// - Throws: 404 when there are none.
    func find(_ head: HTTPRequest) throws(ServiceError) -> Found {
        guard let found = find(head.routePath) else { throw notFound }
        return found
    }

    /// The routes of a path as ``HTTPTypes/HTTPRequest/routePath`` gives it; nil if there are none.
    func find(_ path: Substring) -> Found? {
        if let entries = exact[String(path)] { return Found(entries: entries) }
        let segments = Self.segments(path)
        for template in templates {
            if let parameters = Self.parameters(template.segments, segments) {
                return Found(entries: template.entries, parameters: parameters)
            }
        }
        return nil
    }

    private static func segments(_ path: Substring) -> [Substring] {
        path.pieces(separatedBy: "/")
    }

    /// The values of the parameters of a path. The first parameter takes all additional segments, because clients do
    /// not escape the slashes of a name.
    private static func parameters(_ template: [Substring], _ path: [Substring]) -> [String: String]? {
        var surplus = path.count - template.count
        guard surplus >= 0 else { return nil }
        var parameters: [String: String] = [:]
        var rest = path[...]
        for expected in template {
            guard expected.begins(with: "{") else {
                guard rest.popFirst() == expected else { return nil }
                continue
            }
            let value = rest.prefix(1 + surplus).joined(separator: "/").removingPercentEncoding
            rest = rest.dropFirst(1 + surplus)
            surplus = 0
            guard let value, !value.isEmpty else { return nil }
            parameters[String(expected.dropFirst().dropLast())] = value
        }
        return rest.isEmpty ? parameters : nil
    }
}
