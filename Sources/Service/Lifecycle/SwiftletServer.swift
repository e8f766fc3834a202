import Batching
import CLinux
import Dispatch
import Encoder
import Foundation
import HTTPProtocol
import HTTPServer
import Host
import Inference
package import Logging

/// The model that is to be served.
package struct ServedModel: Sendable {
    /// The model's folder.
    package let directory: String
    /// The name for clients, unless the configuration sets one; nil: the folder's name.
    package let name: String?

    /// A model in a folder.
    package init(directory: String, name: String?) {
        self.directory = directory
        self.name = name
    }
}

/// The life of `swiftlet serve`: opens the port, loads the model, serves, and drains when told to stop.
package enum SwiftletServer {
    /// Runs the service, and returns after an orderly end.
    ///
    /// - Parameters:
    ///   - apiKeys: the value of `SWIFTLET_API_KEYS`: keys in addition to those of the configuration's file.
    ///   - locate: finds the model, or fetches it, while the port is open already.
    /// - Throws: an error that prevents serving: an address in use, a model that does not load, a broken certificate.
    package static func run(
        _ configuration: ServiceConfiguration,
        apiKeys: String? = nil,
        locate: @escaping @Sendable (Logger) async throws -> ServedModel
    ) async throws {
        let log = LogWriter(capacity: configuration.log.bufferBytes)
        do {
            try await run(configuration, apiKeys: apiKeys, log: log, locate: locate)
        } catch {
            await log.close(within: lastLines)
            throw error
        }
        await log.close(within: lastLines)
    }

    /// The longest time to wait until the last log lines are written: their reader may be stuck.
    private static let lastLines = Duration.seconds(1)

    private static func run(
        _ configuration: ServiceConfiguration,
        apiKeys: String?,
        log: LogWriter,
        locate: @escaping @Sendable (Logger) async throws -> ServedModel
    ) async throws {
        let logger = logger(configuration.log, log)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let budget = CPUBudget.current()
        var configuration = configuration.completed(cpus: budget.count, memory: MemoryLimit.current().bytes)
        let edge = try Edge(configuration, listedKeys: Edge.keys(in: apiKeys))
        edge.warn(logger)
        let handler = ServiceHandler(edge: edge, accessLog: AccessLog(scope: configuration.log.access, writer: log))
        configuration.http.certificates = edge.certificates
        let stepBack = stepBack(by: configuration.inference.computeNice)
        let server = HTTPServer(
            configuration: configuration.http,
            handler: handler,
            logger: logger,
            onRequestThread: stepBack
        )
        let status = configuration.status.map {
            HTTPServer(configuration: $0, handler: ServiceHandler(statusOf: handler), logger: logger)
        }
        handler.state.update { ($0.server, $0.memory, $0.log) = (server, server.memory, log) }

        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let signals = StopSignals { continuation.yield(.stop(signal: $0)) }
        defer { signals.cancel() }
        let reload = ReloadSignal { edge.reload(logger) }
        defer { reload.cancel() }
        let trimming = HeapTrimming()
        defer { trimming.cancel() }
        let addresses = try start(server, status, greets: configuration.log.greets, logger)
        let loading = Task { [configuration] in
            do {
                let found = try await locate(logger)
                try await load(found, configuration, budget: budget.count, handler, onWorkerStart: stepBack, logger)
                if configuration.log.greets { greet(handler, at: addresses, configuration.edge) }
            } catch {
                continuation.yield(.loadingFailed(error))
            }
        }
        defer { loading.cancel() }

        for await event in events {
            switch event {
            case .loadingFailed(let error):
                _ = await server.drain(within: .zero)
                throw error
            case .stop(let signal):
                await stop(server, handler, configuration.lifecycle, signal: "\(signal)", logger)
                _ = await status?.drain(within: .zero)
                return
            }
        }
    }

    /// Begins to listen. The status port's descriptors are open when the server counts those that are left.
    ///
    /// - Parameter greets: whether a ``Greeting`` tells what these lines tell.
    /// - Returns: the addresses of `server`.
    private static func start(
        _ server: HTTPServer,
        _ status: HTTPServer?,
        greets: Bool,
        _ logger: Logger
    ) throws(HTTPServerError) -> [String] {
        let level: Logger.Level = greets ? .debug : .info
        let statusAddresses = try status?.start() ?? []
        let addresses = try server.start().map { "\($0)" }
        for address in addresses {
            let most = server.statistics.connectionLimit
            logger.log(level: level, "listening", metadata: ["address": "\(address)", "max_connections": "\(most)"])
        }
        for address in statusAddresses {
            let routes = "probes and /metrics"
            logger.log(level: level, "listening", metadata: ["address": "\(address)", "routes": "\(routes)"])
        }
        return addresses
    }

    /// Tells somebody at a terminal what is served, and where.
    private static func greet(_ handler: ServiceHandler, at addresses: [String], _ edge: EdgeSettings) {
        let state = handler.state.snapshot
        guard let model = state.inference?.model.name else { return }
        state.log?.append(Array((Greeting(model, at: addresses, edge).text + "\n").utf8))
    }

    /// Has the thread that calls it stand back behind the event loops. Without permission it stays as it is.
    private static func stepBack(by steps: Int) -> @Sendable () -> Void {
        { _ = clinux_step_back(Int32(clamping: steps)) }
    }

    /// Drains for at most the time that the settings allow.
    private static func stop(
        _ server: HTTPServer,
        _ handler: ServiceHandler,
        _ settings: LifecycleSettings,
        signal: String,
        _ logger: Logger
    ) async {
        handler.state.update { $0.isDraining = true }
        // After Ctrl-C there is no delay: a user is waiting, not a load balancer.
        let delay = signal == "SIGTERM" ? settings.drainDelay : .zero
        logger.info("stopping", metadata: ["signal": "\(signal)", "drain_delay": "\(delay)"])
        try? await Task.sleep(for: delay)
        let result = await server.drain(within: settings.drainTimeout)
        // If requests were cut, the time is up and a worker may be stuck. The end of the process ends the worker.
        if result.isComplete { await handler.state.snapshot.inference?.shutDown() }
        logger.info(
            "stopped",
            metadata: [
                "connections_cut": "\(result.connectionsCut)", "requests_cut": "\(result.requestsCut)",
            ]
        )
    }

    private enum Event: Sendable {
        case loadingFailed(any Error)
        case stop(signal: String)
    }

    private static func load(
        _ found: ServedModel,
        _ configuration: ServiceConfiguration,
        budget: Int,
        _ handler: ServiceHandler,
        onWorkerStart: @escaping @Sendable () -> Void,
        _ logger: Logger
    ) async throws {
        let started = ContinuousClock.now
        ProgramPages.release()
        let directory = found.directory
        let name = configuration.model.servedName ?? found.name
        let model = try LoadedModel(
            directory: directory,
            servedName: name,
            head: configuration.model.task,
            engine: configuration.model.compute
        )
        let metrics = handler.metrics
        var settings = configuration.inference
        if let name = configuration.model.defaultPromptName {
            settings.defaultPrompt = try model.prompts.text(named: name, askedForBy: "default_prompt_name")
        }
        if let pooling = settings.defaultPooling { _ = try model.embedding.size(poolings: [pooling]) }
        let inference = InferenceService(
            model: model,
            configuration: settings,
            onBatch: { metrics.batchFinished($0) },
            onWorkerStart: onWorkerStart
        )
        try await inference.start()
        HeapMemory.giveBack()
        ProgramPages.release()
        for warning in model.warnings { logger.warning("\(warning)", metadata: ["directory": "\(directory)"]) }
        let watch = EngineWatch(inference, limit: configuration.lifecycle.watchdogTimeout, logger: logger)
        handler.state.update {
            $0.inference = inference
            $0.watch = watch
        }
        logger.log(
            level: configuration.log.greets ? .debug : .info,
            "ready",
            metadata: [
                "model": "\(model.name)", "directory": "\(directory)", "architecture": "\(model.architecture)",
                "pooling": "\(inference.poolings.name)", "max_input_length": "\(inference.maxInputLength)",
                "workers": "\(inference.configuration.workers)", "cpu_budget": "\(budget)",
                "dtype": "\(model.encoder.engine.dataType)", "backend": "\(model.encoder.engine.backend)",
                "kernels": "\(model.encoder.engine.kernels.joined(separator: " "))",
                "seconds": "\((started.duration(to: .now).seconds * 1000).rounded() / 1000)",
            ]
        )
    }

    private static func logger(_ settings: LogSettings, _ log: LogWriter) -> Logger {
        let asJSON =
            switch settings.format {
            case .json: true
            case .text: false
            case .auto: !settings.greets
            }
        var logger = Logger(label: "swiftlet") { _ in LineLogHandler(asJSON: asJSON, writer: log) }
        logger.logLevel = settings.level
        return logger
    }
}

extension LogSettings {
    /// Whether somebody at a terminal is told in one readable line what the service's first log lines tell.
    fileprivate var greets: Bool { format == .auto && isatty(STDERR_FILENO) == 1 }
}
