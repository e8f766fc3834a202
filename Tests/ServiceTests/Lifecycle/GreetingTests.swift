import Testing

@testable import Service

@Suite("The greeting at a terminal")
struct GreetingTests {
    private func text(_ addresses: [String], _ change: (inout EdgeSettings) -> Void = { _ in }) -> String {
        var edge = EdgeSettings()
        change(&edge)
        return Greeting("mini", at: addresses, edge).text
    }

    @Test("tells the model, its address and the playground's link")
    func address() {
        #expect(
            text(["127.0.0.1:80"])
                == "mini is served at http://127.0.0.1:80, try it at http://127.0.0.1:80/playground. Ctrl-C stops it."
        )
    }

    @Test("an address that stands for all becomes one that a browser opens", arguments: ["0.0.0.0:80", "[::]:80"])
    func everywhere(_ address: String) {
        #expect(text([address]).hasPrefix("mini is served at http://localhost:80, try it at http://localhost:80/"))
    }

    @Test("several addresses are all named, and the playground at the first that has a URL")
    func several() {
        let all = text(["/run/swiftlet.sock", "[::1]:8080", "127.0.0.1:8080"])
        #expect(all.contains("http://[::1]:8080 and http://127.0.0.1:8080, try it at http://[::1]:8080/playground"))
    }

    @Test("TLS makes https, a switched-off playground no link, and a unix socket is named by its path")
    func variants() {
        #expect(text(["127.0.0.1:8443"]) { $0.tlsCertificate = "a.pem" }.contains("https://127.0.0.1:8443/playground"))
        #expect(
            text(["127.0.0.1:8080"]) { $0.playground = false }
                == "mini is served at http://127.0.0.1:8080. Ctrl-C stops it."
        )
        #expect(text(["/run/swiftlet.sock"]) == "mini is served at /run/swiftlet.sock. Ctrl-C stops it.")
    }
}
