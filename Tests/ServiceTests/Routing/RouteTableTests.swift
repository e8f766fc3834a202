import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import Testing

@testable import Service

@Suite("The table of routes")
struct RouteTableTests {
    private let table = RouteTable([
        .post("/any", "/other", errors: .tei) { _, _ in .json([]) },
        .post(RoutePath("/any", ifBodyHas: "special"), errors: .tei) { _, _ in .json([]) },
        .get("/any", errors: .tei) { _, _ in .json([]) },
        .post("/models/{model}/versions/{version}/infer", errors: .tei) { _, _ in .json([]) },
        .post("/models/{model}/infer", errors: .tei) { _, _ in .json([]) },
    ])

    @Test("a route is found by each of its paths, and known by the first")
    func aliases() throws {
        #expect(table.find("/other")?.entries.map(\.route.name) == ["/any"])
        let names = ["/any", "/models/{model}/versions/{version}/infer", "/models/{model}/infer"]
        #expect(ServiceMetrics(routes: table.labels).routeNames == names + ["other"])
    }

    @Test("parameters are whole segments, percent-decoded and not empty; the first takes those left over")
    func parameters() {
        let found = table.find("/models/a%2Fb%20c/versions/1/infer")
        #expect(found?.parameters == ["model": "a/b c", "version": "1"])
        #expect(table.find("/models/m/infer")?.parameters == ["model": "m"])
        #expect(table.find("/models/m/n/infer")?.parameters == ["model": "m/n"])
        #expect(table.find("/models/m/n/versions/1/infer")?.parameters == ["model": "m/n", "version": "1"])
        for path in ["/models//infer", "/models/m/infer/", "/models/m/infers", "/models/%FF/infer", "/models/infer"] {
            #expect(table.find(path[...])?.parameters == nil, "\(path)")
        }
    }

    @Test("a path's routes are told apart by method, and then by body: the pickier first, the others' last")
    func bodies() throws {
        let found = try #require(table.find("/any"))
        #expect(found.allow == "GET, HEAD, POST, OPTIONS")
        #expect(try found.taking("HEAD").entries.map(\.route.isStatus) == [true])
        let posts = try found.taking("POST").entries
        #expect(posts.map { $0.path.fits?(["special": .null]) } == [true, nil])
        #expect(posts[0].path.fits?(["usual": .null]) == false)
        let error = #expect(throws: ServiceError.self) { try found.taking("PUT") }
        #expect(error?.status == 405 && error?.allow == found.allow)
    }

    @Test("a path that no route has gets a 404 that names the known paths")
    func notFound() {
        let request = Request(head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/nothing?any"))
        let error = #expect(throws: ServiceError.self) { try table.find(request.head) }
        #expect(error?.status == 404)
        #expect(error?.message.contains("/models/{model}/infer") == true)
    }

    @Test("the service's routes that share path and method take one another's bodies by one rule at most")
    func ambiguity() {
        for route in RouteTable.service.routes {
            for path in route.paths {
                let found = RouteTable.service.find(path.template[...])
                let rivals = found?.entries.filter {
                    $0.path.fits == nil && $0.path.asks == nil && $0.route.isStatus == route.isStatus
                }
                #expect((rivals?.count ?? 0) <= 1, "\(path.template)")
            }
        }
    }
}
