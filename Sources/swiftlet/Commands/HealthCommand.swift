import ArgumentParser
import Foundation
import JSON
import Service

/// `swiftlet health`: asks a running service whether it is healthy, for a container's HEALTHCHECK.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a running service whether it is healthy: exit status 0, else 1.",
        discussion: """
            EXAMPLES
              swiftlet health
              swiftlet health --url http://127.0.0.1:9000/health/ready --timeout 1
              swiftlet health --url https://swiftlet.example.org --ca-file authority.pem
            """
    )

    @Option(
        help: ArgumentHelp(
            "URL to GET; without a path, /health is asked.",
            discussion: """
                Without it: 127.0.0.1, port $SWIFTLET_STATUS_PORT, else $SWIFTLET_PORT, else 8080, with https if \
                $SWIFTLET_TLS_CERTIFICATE is set and it is not the status port.
                """
        )
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Certificates to trust (PEM).",
            discussion: "Without it: the system's, and any certificate from this machine itself.",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(help: ArgumentHelp("Longest time until the answer begins.", valueName: "seconds"))
    var timeout = 3

    func validate() throws {
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout must be 1 to 600, not \(timeout)") }
        _ = try target()
    }

    func run() async throws {
        let statusLine = try HealthProbe(timeout: timeout, trustFile: caFile).statusLine(of: target())
        guard statusLine.pieces(separatedBy: " ").dropFirst().first == "200" else {
            throw CommandError.unhealthy(statusLine)
        }
        try StandardOutput.write(Array((statusLine + "\n").utf8))
    }

    private var defaultPort: UInt16 { UInt16(clamping: ServiceConfiguration().listen.port) }

    private func target() throws -> HealthProbe.Target {
        let environment = ProcessInfo.processInfo.environment
        // Kubernetes may set SWIFTLET_PORT to an address of its own (tcp://…). In that case the default is used.
        let port = environment["SWIFTLET_PORT"].flatMap { UInt16($0) } ?? defaultPort
        let status = environment["SWIFTLET_STATUS_PORT"].flatMap { UInt16($0) }.flatMap { $0 == 0 ? nil : $0 }
        let hasTLS = environment["SWIFTLET_TLS_CERTIFICATE"].map(\.isEmpty) == false
        let url = url ?? "\(hasTLS && status == nil ? "https" : "http")://127.0.0.1:\(status ?? port)/health"
        guard let target = HealthProbe.Target(url: url) else {
            throw ValidationError("--url must look like http://127.0.0.1:8080/health, not \(url)")
        }
        return target
    }
}
