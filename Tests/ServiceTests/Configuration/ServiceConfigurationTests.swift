import Batching
import Encoder
import Foundation
import HTTPServer
import Inference
import Testing

@testable import Service

@Suite("The resolution of settings")
struct ServiceConfigurationTests {
    @Test("nothing given is the defaults")
    func defaults() throws {
        #expect(try ServiceConfiguration.resolve(flags: [], environment: [:]) == ServiceConfiguration())
    }

    @Test("a flag wins over the environment, that over the file, that over the default")
    func precedence() throws {
        let path = try temporaryConfiguration("port: 1\nbacklog: 1\nworkers: 1\n")
        let environment = ["SWIFTLET_CONFIG": path, "SWIFTLET_BACKLOG": "2", "SWIFTLET_WORKERS": "2", "HOME": "/root"]
        let configuration = try ServiceConfiguration.resolve(flags: ["--workers", "3"], environment: environment)
        #expect(configuration.listen.port == 1)
        #expect(configuration.http.backlog == 2)
        #expect(configuration.inference.workers == 3)
        #expect(configuration.inference.batching == BatchPolicy())
    }

    @Test("every key is taken from each of the three sources", arguments: ConfigurationKeyTests.names)
    func everySource(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        let value = try #require(ConfigurationKeyTests.otherValue(of: key))
        var expected = ServiceConfiguration()
        #expect(key.write(&expected, value))
        let sources: [[Setting]] = [
            try SettingsFile.parse("\(name): \(value)\n", path: "f"),
            try SettingsEnvironment.parse([key.variable: value]),
            try SettingsFlags.parse([key.flag, value]),
            try SettingsFlags.parse(["\(key.flag)=\(value)"]),
        ]
        for settings in sources {
            var configuration = ServiceConfiguration()
            for setting in settings { try setting.apply(to: &configuration) }
            #expect(configuration == expected)
        }
    }

    @Test("--config wins over SWIFTLET_CONFIG")
    func configFlag() throws {
        let first = try temporaryConfiguration("port: 1\n")
        let second = try temporaryConfiguration("port: 2\n")
        let configuration = try ServiceConfiguration.resolve(
            flags: [],
            environment: ["SWIFTLET_CONFIG": first],
            file: second
        )
        #expect(configuration.listen.port == 2)
    }

    @Test("a boolean flag stands alone, is negated by --no-, or has a word after it")
    func booleanFlags() throws {
        let cases: [([String], Bool)] = [
            (["--auto-truncate"], true), (["--no-auto-truncate"], false), (["--auto-truncate", "no"], false),
            (["--auto-truncate=off"], false), (["--no-auto-truncate", "--auto-truncate"], true),
            (["--auto-truncate", "--port", "1"], true),
        ]
        for (flags, expected) in cases {
            let configuration = try ServiceConfiguration.resolve(flags: flags, environment: [:])
            #expect(configuration.inference.autoTruncate == expected, "\(flags)")
        }
    }

    @Test("an empty variable is no value")
    func emptyVariable() throws {
        let configuration = try ServiceConfiguration.resolve(
            flags: [],
            environment: ["SWIFTLET_PORT": "", "SWIFTLET_CONFIG": ""]
        )
        #expect(configuration == ServiceConfiguration())
    }

    @Test("an unknown name is refused, naming its place and the nearest known one")
    func unknownNames() throws {
        #expect(message(flags: ["--prot", "1"]) == "unknown flag --prot; did you mean --port?")
        #expect(message(flags: ["--max_batch_tokens=1"]).hasSuffix("did you mean --max-batch-tokens?"))
        #expect(message(flags: ["--no-port"]).hasPrefix("unknown flag --no-port"))
        #expect(
            message(environment: ["SWIFTLET_MAX_BATCH_TOKEN": "1"])
                == "unknown environment variable SWIFTLET_MAX_BATCH_TOKEN; did you mean SWIFTLET_MAX_BATCH_TOKENS?"
        )
        #expect(
            message(environment: ["SWIFTLET_ZZZZZZZZZZ": "1"]) == "unknown environment variable SWIFTLET_ZZZZZZZZZZ"
        )
        let path = try temporaryConfiguration("# a comment\nport: 1\nhots: a\n")
        #expect(message(file: path) == "\(path):3: unknown key \"hots\"; did you mean host?")
    }

    @Test("a wrong value is refused, naming key, place, value and what is expected")
    func wrongValues() throws {
        #expect(
            message(flags: ["--port", "99999"])
                == "flag --port: port is \"99999\", expected integer (TCP port) 0 to 65535"
        )
        #expect(
            message(environment: ["SWIFTLET_HEAD_TIMEOUT": "10s"])
                == "environment variable SWIFTLET_HEAD_TIMEOUT: head_timeout is \"10s\", "
                + "expected seconds 0.001 to 86400"
        )
        #expect(
            message(flags: ["--dtype", "float16"])
                == "flag --dtype: dtype is \"float16\", expected float32|bfloat16|int8"
        )
        #expect(
            message(environment: ["SWIFTLET_BACKEND": "mkl"])
                == "environment variable SWIFTLET_BACKEND: backend is \"mkl\", "
                + "expected auto|avx512|avx512bf16|avx512amx|avx2|neon|scalar|openblas"
        )
        let path = try temporaryConfiguration("\nlog_format: xml\n")
        #expect(message(file: path) == "\(path):2: log_format is \"xml\", expected auto|json|text")
        #expect(message(flags: ["--port"]) == "flag --port has no value, expected integer (TCP port) 0 to 65535")
        #expect(message(flags: ["serve"]).hasPrefix("unexpected argument \"serve\""))
        #expect(message(flags: ["--"]).hasPrefix("unexpected argument \"--\""))
    }

    @Test("a message shows a hostile value short and without control characters")
    func hostileValues() {
        let shown = message(flags: ["--port", "\u{1B}[31m" + String(repeating: "9", count: 100_000)])
        #expect(shown.contains("\\u{1B}[31m999"))
        #expect(shown.count < 250)
    }

    @Test("a wrong value is refused even if another source overrides it")
    func overriddenWrongValue() {
        #expect(message(flags: ["--port", "1"], environment: ["SWIFTLET_PORT": "x"]).contains("SWIFTLET_PORT"))
    }

    @Test("settings that cannot hold together are refused")
    func contradictions() {
        #expect(message(flags: ["--host", "none"]).contains("nothing to listen on"))
        #expect(message(flags: ["--host", "none", "--unix-socket", "/tmp/s"]) == "")
        #expect(message(flags: ["--max-queue-tokens", "10"]).contains("max_batch_tokens"))
        #expect(message(flags: ["--max-outbound-bytes", "65536"]).contains("max_outbound_bytes_per_connection"))
        #expect(message(flags: ["--max-inbound-bytes", "1024"]).contains("max_body_bytes"))
        #expect(
            message(flags: ["--max-held-texts=1"]).contains("(1) is below max_client_batch_size (16384): the largest")
        )
        #expect(message(flags: ["--max-token-vectors-held=1"]).contains("max_token_vectors_per_request"))
        #expect(message(flags: ["--status-port", "8080"]).contains("status_port and port are both 8080"))
        #expect(message(flags: ["--status-port", "8080", "--status-host", "0.0.0.0"]) == "")
        #expect(message(flags: ["--status-host", "0.0.0.0"]).contains("status_port is not set"))
        let socketOnly = ["--host", "none", "--unix-socket", "/tmp/s", "--status-port", "9000"]
        #expect(message(flags: socketOnly).contains("name one with status_host"))
        #expect(message(flags: socketOnly + ["--status-host", "127.0.0.1"]) == "")
        for dtype in ["bfloat16", "int8"] {
            #expect(
                message(flags: ["--dtype", dtype], environment: ["SWIFTLET_BACKEND": "openblas"])
                    == "backend openblas computes in float32 only, not in \(dtype); "
                    + "choose dtype float32 or backend auto"
            )
        }
        #expect(message(flags: ["--dtype", "float32", "--backend", "openblas"]) == "")
    }

    @Test("the variables of ours that are no settings are let pass")
    func otherVariables() throws {
        let environment = [
            "SWIFTLET_BLAS_CORE": "Haswell", "SWIFTLET_REFERENCE": "x",
        ]
        #expect(try ServiceConfiguration.resolve(flags: [], environment: environment) == ServiceConfiguration())
    }

    @Test("the variables that Kubernetes makes for a Service named swiftlet are not ours")
    func serviceLinks() throws {
        let environment = [
            "SWIFTLET_SERVICE_HOST": "10.0.0.7", "SWIFTLET_SERVICE_PORT": "80", "SWIFTLET_SERVICE_PORT_HTTP": "80",
            "SWIFTLET_PORT": "tcp://10.0.0.7:80", "SWIFTLET_PORT_80_TCP": "tcp://10.0.0.7:80",
            "SWIFTLET_PORT_80_TCP_PROTO": "tcp", "SWIFTLET_PORT_80_TCP_PORT": "80",
            "SWIFTLET_PORT_80_TCP_ADDR": "10.0.0.7", "SWIFTLET_METRICS_SERVICE_HOST": "10.0.0.8",
        ]
        #expect(try ServiceConfiguration.resolve(flags: [], environment: environment) == ServiceConfiguration())
        #expect(message(environment: ["SWIFTLET_PORT": "80/tcp"]).contains("SWIFTLET_PORT"))
    }

    @Test("only a fault in the command line is wrong usage")
    func usageErrors() throws {
        let path = try temporaryConfiguration("prot: 1\n")
        let cases: [([String], [String: String], String?, Bool)] = [
            (["--prot=1"], [:], nil, true), (["--port=x"], [:], nil, true), (["--port"], [:], nil, true),
            (["x"], [:], nil, true), ([], ["SWIFTLET_PROT": "1"], nil, false), ([], ["SWIFTLET_PORT": "x"], nil, false),
            ([], [:], path, false), ([], [:], path + ".absent", false),
        ]
        for (flags, environment, file, isUsage) in cases {
            let error = #expect(throws: ConfigurationError.self) {
                try ServiceConfiguration.resolve(flags: flags, environment: environment, file: file)
            }
            #expect(error?.isUsageError == isUsage, "\(flags) \(environment)")
        }
    }

    @Test("thread counts follow the CPU budget unless they are set")
    func threads() throws {
        let automatic = [1, 2, 4, 9, 64].map { ServiceConfiguration().completed(cpus: $0, memory: 1 << 30) }
        #expect(automatic.map(\.inference.workers) == [1, 2, 4, 9, 64])
        #expect(automatic.map(\.http.eventLoops) == [1, 1, 1, 2, 16])
        #expect(automatic.map(\.http.requestThreads) == [1, 2, 4, 9, 64])
        #expect(automatic.map(\.inference.requestThreads) == [1, 2, 4, 9, 64])
        #expect(automatic.map(\.model.compute.loadingThreads) == [1, 2, 4, 9, 64])
        let set = try ServiceConfiguration.resolve(
            flags: ["--workers=5", "--event-loops=6", "--request-threads=7"],
            environment: [:]
        ).completed(cpus: 2, memory: 1 << 30)
        #expect(set.inference.workers == 5)
        #expect(set.http.eventLoops == 6)
        #expect(set.http.requestThreads == 7)
        #expect(set.inference.requestThreads == 7)
    }

    @Test("the memory for idle connections is an eighth of the process's")
    func connections() {
        #expect(ServiceConfiguration().completed(cpus: 1, memory: 1 << 30).http.connectionMemory == 1 << 27)
    }

    @Test("the addresses to open are the TCP port, unless there is none, and the unix socket")
    func addresses() throws {
        var configuration = ServiceConfiguration()
        #expect(
            configuration.completed(cpus: 1, memory: 1 << 30).http.addresses == [.tcp(host: "127.0.0.1", port: 8080)]
        )
        configuration.listen.unixSocket = "/s"
        #expect(configuration.listen.addresses == [.tcp(host: "127.0.0.1", port: 8080), .unix(path: "/s")])
        configuration.listen.host = "none"
        #expect(configuration.listen.addresses == [.unix(path: "/s")])
    }

    @Test("0 stands for no own limit if the setting says so, and a request's time limit is 60 s by default")
    func zeroes() throws {
        let plain = ServiceConfiguration().inference
        #expect(plain.requestTimeout == .seconds(60))
        #expect(plain.maxInputLength == nil)
        let flags = ["--request-timeout", "0", "--max-input-length=0"]
        let zero = try ServiceConfiguration.resolve(flags: flags, environment: [:]).inference
        #expect(zero.requestTimeout == nil)
        #expect(zero.maxInputLength == nil)
        let some = ["--request-timeout", "0.5", "--max-input-length=9"]
        let set = try ServiceConfiguration.resolve(flags: some, environment: [:]).inference
        #expect(set.requestTimeout == .milliseconds(500))
        #expect(set.maxInputLength == 9)
    }

    /// The message of the error when the settings are resolved; "" if there is no error.
    private func message(flags: [String] = [], environment: [String: String] = [:], file: String? = nil) -> String {
        do throws(ConfigurationError) {
            _ = try ServiceConfiguration.resolve(flags: flags, environment: environment, file: file)
            return ""
        } catch {
            return error.description
        }
    }
}

/// Writes a file that lives as long as the test run's temporary folder.
func temporaryConfiguration(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString).yaml").path
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}
