import Batching
import Dispatch
import Encoder
import Foundation
import HTTPProtocol
import HTTPServer
package import Logging

/// The model that is to be served.
package struct ServedModel: Sendable {
    /// Its folder.
    package let directory: String
    /// What clients call it where the configuration does not say; nil: the folder's name.
    package let name: String?

    /// A model in a folder.
    package init(directory: String, name: String?) {
        self.directory = directory
        self.name = name
    }
}

/// The life of `swiftlet serve`: opens the port, loads the model, serves, and drains when told to stop.
package enum SwiftletServer {
    /// Returns after an orderly end.
    ///
    /// - Parameters:
    ///   - apiKeys: keys beside those of the configuration's file, as `SWIFTLET_API_KEYS` has them.
    ///   - locate: finds the model, or fetches it, while the port is open already.
    /// - Throws: what kept it from serving: an address in use, a model that does not load, a broken certificate.
    package static func run(
        _ configuration: ServiceConfiguration,
        apiKeys: String? = nil,
        locate: @escaping @Sendable (Logger) async throws -> ServedModel
    ) async throws {
        let log = LogWriter(capacity: configuration.logBufferBytes)
        do {
            try await run(configuration, apiKeys: apiKeys, log: log, locate: locate)
        } catch {
            await log.close(within: lastLines)
            throw error
        }
        await log.close(within: lastLines)
    }

    /// For the last lines to be written, by a reader that may be stuck.
    private static let lastLines = Duration.seconds(1)

    private static func run(
        _ configuration: ServiceConfiguration,
        apiKeys: String?,
        log: LogWriter,
        locate: @escaping @Sendable (Logger) async throws -> ServedModel
    ) async throws {
        let logger = logger(configuration, log)
        let budget = CPUBudget.current()
        let edge = try Edge(configuration, listedKeys: Edge.keys(in: apiKeys))
        edge.warn(logger)
        let handler = ServiceHandler(edge: edge, accessLog: AccessLog(scope: configuration.accessLog, writer: log))
        let server = HTTPServer(
            configuration: serverConfiguration(configuration, edge: edge, budget: budget.count),
            handler: handler,
            logger: logger
        )
        handler.state.update { state in
            state.server = server
            state.log = log
        }

        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let signals = StopSignals { continuation.yield(.stop(signal: $0)) }
        defer { signals.cancel() }
        let reload = ReloadSignal { edge.reload(logger) }
        defer { reload.cancel() }
        let trimming = HeapTrimming()
        defer { trimming.cancel() }
        for address in try server.start() {
            logger.info("listening", metadata: ["address": "\(address)"])
        }
        let loading = Task {
            do {
                let found = try await locate(logger)
                try await load(found, configuration, budget: budget.count, handler: handler, logger: logger)
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
                await stop(server, handler, configuration, signal: "\(signal)", logger)
                return
            }
        }
    }

    /// Drains, as long as the configuration lets it.
    private static func stop(
        _ server: HTTPServer,
        _ handler: ServiceHandler,
        _ configuration: ServiceConfiguration,
        signal: String,
        _ logger: Logger
    ) async {
        handler.state.update { $0.isDraining = true }
        // Who presses Ctrl-C waits for no load balancer.
        let delay = signal == "SIGTERM" ? configuration.drainDelay : .zero
        logger.info("stopping", metadata: ["signal": "\(signal)", "drain_delay": "\(delay)"])
        try? await Task.sleep(for: delay)
        let result = await server.drain(within: configuration.drainTimeout)
        // Where requests were cut the time is up, and a worker may be stuck: the process's end is its end.
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
        handler: ServiceHandler,
        logger: Logger
    ) async throws {
        let started = ContinuousClock.now
        ProgramPages.release()
        let directory = found.directory
        var engine = configuration.engine
        engine.loadingThreads = budget
        let name = configuration.servedModelName ?? found.name
        let model = try LoadedModel(directory: directory, servedName: name, engine: engine)
        let metrics = handler.metrics
        var settings = inferenceConfiguration(configuration, budget: budget)
        if let name = configuration.defaultPromptName {
            settings.defaultPrompt = try model.prompts.text(named: name, askedForBy: "default_prompt_name")
        }
        if let pooling = settings.defaultPooling { _ = try model.embedding.size(poolings: [pooling]) }
        let inference = InferenceService(model: model, configuration: settings) { metrics.batchFinished($0) }
        try await inference.start()
        HeapMemory.giveBack()
        ProgramPages.release()
        if let warning = model.warning { logger.warning("\(warning)", metadata: ["directory": "\(directory)"]) }
        let watch = EngineWatch(inference, limit: configuration.watchdogTimeout, logger: logger)
        handler.state.update {
            $0.inference = inference
            $0.watch = watch
        }
        logger.info(
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

    private static func logger(_ configuration: ServiceConfiguration, _ log: LogWriter) -> Logger {
        let asJSON =
            switch configuration.logFormat {
            case .json: true
            case .text: false
            case .auto: isatty(STDERR_FILENO) == 0
            }
        var logger = Logger(label: "swiftlet") { _ in LineLogHandler(asJSON: asJSON, writer: log) }
        logger.logLevel = configuration.logLevel
        return logger
    }
}
