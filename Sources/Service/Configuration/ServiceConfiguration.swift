package import Encoder
import HTTPProtocol
package import HTTPServer
package import Inference
package import Logging

/// The settings of `swiftlet serve`.
///
/// It is composed of the structs that the parts of the program use, each with its own defaults: a default stands at its
/// property and nowhere else. The table ``ConfigurationKey/sections`` names the properties that an operator can set.
/// The configuration does not change while the service runs.
package struct ServiceConfiguration: Sendable {
    /// The model that is served, and its arithmetic.
    package var model = ModelSettings()
    /// The addresses on which the service listens.
    package var listen = ListenSettings()
    /// TLS, API keys, browsers and compression.
    package var edge = EdgeSettings()
    /// The HTTP server's limits and threads.
    package var http = HTTPServerConfiguration()
    /// The limits of inference, its workers and its batches.
    package var inference = InferenceConfiguration()
    /// The watch over the engine, and the end of the process.
    package var lifecycle = LifecycleSettings()
    /// The settings of the log.
    package var log = LogSettings()
    /// One line for each former name that was used, to be logged at the start.
    package var warnings: [String] = []

    /// Makes a configuration with all settings at their defaults.
    package init() {}

    private static let serverName = "swiftlet"
    /// The number of CPUs for each event loop. A loop only moves bytes and parses; the engine needs the CPUs far more.
    private static let cpusPerEventLoop = 4
    /// One part in this many of the memory is for idle connections: they earn nothing.
    private static let connectionDivisor = 8
    /// The part of the memory that the process may use which requests get where `memory_budget` is 0. The rest is for
    /// the model, the engine's scratch and what the allocator keeps free.
    private static let memoryDivisor = 4
    /// The smallest and the largest budget of requests that is chosen so. The smallest has space for the largest body
    /// and its JSON; more than the largest would only make queues longer.
    private static let memoryBudgets = 32 * 1024 * 1024...256 * 1024 * 1024

    /// The connections of the port for probes and /metrics: those of a few kubelets, balancers and scrapers.
    private static let statusConnections = 64
    /// The memory of requests at that port, which have no body.
    private static let statusMemory = 4 * 1024 * 1024
    /// The largest body at that port. No route there reads one.
    private static let statusBodyBytes = 1024

    /// The server of the probes and /metrics alone; nil for none. It has a thread, connections and memory of its own,
    /// so that it answers whatever the clients of the other ports do.
    package var status: HTTPServerConfiguration? {
        guard let address = listen.statusAddress else { return nil }
        var status = HTTPServerConfiguration(addresses: [address])
        status.threadName = "status-loop"
        status.serverName = Self.serverName
        status.eventLoops = 1
        status.requestThreads = 1
        status.maxConnections = Self.statusConnections
        status.memoryBudget = Self.statusMemory
        status.limits.maxBodyBytes = Self.statusBodyBytes
        return status
    }

    /// The settings, completed by values that depend on the settings and on this machine: addresses, and numbers of
    /// threads for which a setting is 0. The parts of the program get this configuration.
    ///
    /// - Parameters:
    ///   - cpus: The CPU budget of the process.
    ///   - memory: The bytes that the process may use.
    package func completed(cpus: Int, memory: Int) -> ServiceConfiguration {
        let cpus = max(1, cpus)
        var complete = self
        complete.model.compute.loadingThreads = cpus
        complete.model.compute.memoryLimit = memory
        if inference.workers == 0 { complete.inference.workers = cpus }
        if http.requestThreads == 0 { complete.http.requestThreads = cpus }
        if http.eventLoops == 0 { complete.http.eventLoops = max(1, cpus / Self.cpusPerEventLoop) }
        if http.memoryBudget == 0 {
            let (least, most) = (Self.memoryBudgets.lowerBound, Self.memoryBudgets.upperBound)
            complete.http.memoryBudget = min(max(memory / Self.memoryDivisor, least), most)
        }
        complete.inference.requestThreads = complete.http.requestThreads
        complete.http.connectionMemory = memory / Self.connectionDivisor
        complete.http.addresses = listen.addresses
        complete.http.otherDescriptors += status?.mostDescriptors ?? 0
        complete.http.serverName = Self.serverName
        return complete
    }
}

/// The model that is served, and its arithmetic.
package struct ModelSettings: Sendable {
    /// Folder of the model, or its id on the Hub; nil: the bundled one (``BundledModel``).
    package var name: String?
    /// Branch, tag or commit of a model on the Hub; nil: `main`.
    package var revision: String?
    /// Name shown by `/info`; nil: the id on the Hub, else the folder's name.
    package var servedName: String?
    /// The task of the model's head; nil: as config.json and the weights tell.
    package var task: Head?
    /// The default prompt, one of the model's prompts; nil: the one that the model names, else none.
    package var defaultPromptName: String?
    /// Arithmetic and kernels of the model's products.
    package var compute = ComputeOptions()
}

/// The addresses on which the service listens.
package struct ListenSettings: Sendable {
    /// Address or name to listen on, or ``noHost``.
    package var host = "127.0.0.1"
    /// TCP port; 0: the system chooses a free one.
    package var port = 8080
    /// Path of a unix socket to listen on as well; nil: none.
    package var unixSocket: String?
    /// TCP port of the probes and /metrics alone; nil: none.
    package var statusPort: Int?
    /// Address or name that ``statusPort`` listens on; nil: ``host``.
    package var statusHost: String?

    /// The value of `host` that stands for "no TCP socket at all".
    package static let noHost = "none"

    /// False when only the unix socket is opened.
    package var listensOnTCP: Bool { host != Self.noHost }

    /// The addresses to open, TCP first.
    package var addresses: [ListenAddress] {
        var addresses: [ListenAddress] = []
        if listensOnTCP { addresses.append(.tcp(host: host, port: port)) }
        if let unixSocket { addresses.append(.unix(path: unixSocket)) }
        return addresses
    }

    /// The address of the probes and /metrics alone; nil for none.
    package var statusAddress: ListenAddress? {
        statusPort.map { .tcp(host: statusHost ?? host, port: $0) }
    }
}

/// The watch over the engine, and the end of the process.
package struct LifecycleSettings: Sendable {
    /// How long a batch may take, and how long work may wait without any batch being finished.
    package var watchdogTimeout: Duration = .seconds(30)
    /// Time from SIGTERM until new connections are refused.
    package var drainDelay: Duration = .seconds(1)
    /// Longest time from the end of ``drainDelay`` to the exit.
    package var drainTimeout: Duration = .seconds(25)
}

/// The settings of the log.
package struct LogSettings: Sendable {
    /// The form of a log line.
    package enum Format: String, Sendable, CaseIterable {
        /// `text` if standard error is a terminal, else `json`.
        case auto
        /// One JSON object a line, for a log collector.
        case json
        /// Plain words, for people.
        case text
    }

    /// The requests that have a line in the access log.
    package enum AccessScope: String, Sendable, CaseIterable {
        /// Every request.
        case all
        /// Requests that were answered with a status of 400 and above, or not answered at all.
        case errors
        /// None.
        case off
    }

    /// Lowest severity that is logged.
    package var level: Logger.Level = .info
    /// Form of a log line.
    package var format: Format = .auto
    /// Requests that have a line in the log.
    package var access: AccessScope = .all
    /// Bytes of lines that may wait to be written.
    package var bufferBytes = 1024 * 1024
}
