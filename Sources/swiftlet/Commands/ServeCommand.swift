import ArgumentParser
import Encoder
import Foundation
import Inference
import LinearAlgebra
import Service
import Tokenization

/// `swiftlet serve`: runs the HTTP service.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a model over HTTP/1.1 and HTTP/2 until SIGTERM or SIGINT.",
        usage: "swiftlet serve [--config <file>] [--print-config] [--<setting> <value> ...]",
        discussion: """
            Settings come from flags, from environment variables (--max-batch-tokens is SWIFTLET_MAX_BATCH_TOKENS), \
            from the YAML file of --config or SWIFTLET_CONFIG (max_batch_tokens: 4096), or are defaults. The earlier \
            source wins. Unknown names are refused.

            EXAMPLES
              swiftlet serve
              swiftlet serve --host 0.0.0.0 --port 80 --model ./mobilebert-uncased
              swiftlet serve --model google/mobilebert-uncased
              SWIFTLET_LOG_LEVEL=debug swiftlet serve --config config/swiftlet.yaml
              swiftlet serve --print-config > swiftlet.yaml

            \(ConfigurationKey.help)
            """
    )

    @Option(help: ArgumentHelp("YAML file of settings.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the effective settings as a commented YAML file, and exit.")
    var printConfig = false

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Settings, as listed above.", valueName: "--setting value")
    )
    var settings: [String] = []

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var configuration = try ServiceConfiguration.resolve(flags: settings, environment: environment, file: config)
        guard !printConfig else {
            StandardError.write(warnings: configuration.warnings)
            try StandardOutput.write(Array(configuration.yaml.utf8))
            return
        }
        // Both are checked before the port is opened, so that no probe finds a service that can never become ready.
        let source = ModelSource(name: configuration.model.name, revision: configuration.model.revision)
        try source.check()
        if case .folder(let folder) = try source.place() { try ModelOptions.check(folder) }
        configuration.model.compute.onPacked = LoadingProgress.observer()
        do throws(BackendError) {
            try configuration.model.compute.check()
        } catch {
            throw CommandError.noEngine("\(error)")
        }
        do {
            try await SwiftletServer.run(configuration, apiKeys: environment[SettingsEnvironment.keysVariable]) {
                logger in
                let location = try await source.locate(observer: PullLog(logger).observer)
                try ModelOptions.check(location.folder)
                return ServedModel(directory: location.folder, name: location.id)
            }
        } catch {
            // An error without its own status comes from the machine: a port that is in use, or a missing folder of a
            // socket.
            throw ExitStatus(error) == .software ? CommandError.unavailable("\(error)") : error
        }
    }
}
