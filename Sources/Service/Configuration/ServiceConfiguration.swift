package import Encoder
package import LinearAlgebra
package import Logging

/// The settings of `swiftlet serve`, resolved and checked.
///
/// Every property is one key of ``ConfigurationKey/all``, where its unit, range and effect are written; the values
/// here are the defaults, and the only place where they stand. Immutable once the service runs.
package struct ServiceConfiguration: Sendable, Equatable {
    // MARK: Model

    /// Folder of the model, or its id on the Hub; nil: the bundled one (``BundledModel``).
    package var model: String?
    /// Branch, tag or commit of a model of the Hub; nil: `main`.
    package var revision: String?
    /// Name shown by `/info`; nil: the id on the Hub, else the folder's.
    package var servedModelName: String?
    /// Pooling of `/embed` where a request names none; nil: the model's own, else mean.
    package var defaultPooling: Pooling?
    /// Put before texts where a request names no prompt; nil: ``defaultPromptName``.
    package var defaultPrompt: String?
    /// The model's prompt that is put there; nil: the model's own default, else none.
    package var defaultPromptName: String?
    /// Longest input in tokens, special tokens included; 0: the model's own limit.
    package var maxInputLength = 0
    /// Whether a longer input is cut rather than refused where a request says neither.
    package var autoTruncate = true

    /// Arithmetic of the model's products.
    package var dtype = DataType.float32
    /// Who computes them.
    package var backend = Backend.auto

    // MARK: Network

    /// Address or name to listen on, or ``noHost``.
    package var host = "127.0.0.1"
    /// TCP port; 0: the system chooses a free one.
    package var port = 8080
    /// Path of a unix socket to listen on besides; nil: none.
    package var unixSocket: String?
    /// Connections that the kernel may hold ready before they are accepted.
    package var backlog = 1024

    // MARK: Security

    /// Certificates of the TCP port (PEM); nil: it speaks plain HTTP.
    package var tlsCertificate: String?
    /// Their private key.
    package var tlsKey: String?
    /// Oldest version of TLS.
    package var tlsMinVersion: TLSVersion = .tls12
    /// File of API keys; nil: none but those of the environment.
    package var apiKeysFile: String?
    /// What needs no key: ``RouteGroup``s with commas.
    package var apiKeyOpenRoutes = RouteGroup.health.rawValue
    /// Origins of web pages that may call; nil: none.
    package var corsAllowOrigin: String?
    /// For a browser to remember what they may do.
    package var corsMaxAge: Duration = .seconds(7200)
    /// Whether answers are compressed.
    package var compression = true
    /// Bytes of an answer from which it is. 1,400 fit one packet of most networks, with the header fields.
    package var compressionMinBytes = 1400

    // MARK: Threads

    /// Engine workers; 0: the CPU budget.
    package var workers = 0
    /// Event loops; 0: one for every four CPUs of the budget.
    package var eventLoops = 0
    /// Width of the queue for JSON and tokenization; 0: the CPU budget.
    package var requestThreads = 0

    // MARK: Batching

    /// Tokens of one batch.
    package var maxBatchTokens = 4096
    /// Texts of one batch.
    package var maxBatchRows = 64
    /// How long one batch should run at most.
    package var batchLatencyTarget: Duration = .milliseconds(100)
    /// Tokens in the queue, for each priority.
    package var maxQueueTokens = 262_144
    /// Texts in the queue, for each priority.
    package var maxQueueRows = 8192
    /// Texts of all requests that were taken in and not answered, for each priority.
    package var maxHeldRows = 65_536
    /// For a request to be taken in.
    package var maxAdmissionWait: Duration = .milliseconds(20)
    /// Bytes of results that are kept for texts that come again.
    package var resultCacheBytes = 0
    /// Texts of one request.
    package var maxClientBatchSize = 16_384
    /// Tokens whose vectors one `/embed_all` answer carries.
    package var maxTokenVectorsPerRequest = 16_384
    /// Tokens whose vectors are held for all `/embed_all` answers being sent.
    package var maxTokenVectorsHeld = 131_072
    /// Tokens of one `/tokenize` answer, padding included where it is asked for.
    package var maxTokenizedTokens = 1_048_576

    // MARK: Health

    /// How long a batch may take, or work wait without any batch being finished.
    package var watchdogTimeout: Duration = .seconds(30)
    /// Workers that do not come back and are replaced.
    package var maxWorkerReplacements = 8

    // MARK: Limits of a request, a connection and the process

    /// Bytes of a request's header fields in all.
    package var maxHeaderBytes = 16 * 1024
    /// Number of a request's header fields.
    package var maxHeaderFields = 100
    /// Bytes of a request's target (path and query).
    package var maxTargetBytes = 8 * 1024
    /// Bytes of a request's body.
    package var maxBodyBytes = 8 * 1024 * 1024
    /// Connections open at once.
    package var maxConnections = 4096
    /// HTTP/2 streams open at once on one connection.
    package var maxConcurrentStreams = 128
    /// Bytes of answers that may wait for one client to read them.
    package var maxOutboundBytesPerConnection = 16 * 1024 * 1024
    /// Bytes of answers that may wait for all clients together.
    package var maxOutboundBytes = 256 * 1024 * 1024
    /// Bytes of requests' bodies, on their way or in work, of all clients together.
    package var maxInboundBytes = 256 * 1024 * 1024

    // MARK: Time limits

    /// For a TLS handshake.
    package var handshakeTimeout: Duration = .seconds(10)
    /// For a request's head to arrive whole.
    package var headTimeout: Duration = .seconds(10)
    /// For a request's body to arrive whole.
    package var bodyTimeout: Duration = .seconds(30)
    /// Without any progress in sending an answer.
    package var writeTimeout: Duration = .seconds(30)
    /// Between two requests on one connection.
    package var idleTimeout: Duration = .seconds(75)
    /// For a request to be answered where it does not say; zero: as long as it takes.
    package var requestTimeout: Duration = .seconds(60)
    /// For an answer to go to a client that has closed its sending side.
    package var halfCloseGrace: Duration = .seconds(1)
    /// For a client to close a connection that is finished.
    package var lingerTimeout: Duration = .seconds(2)
    /// From SIGTERM until no new connections are taken.
    package var drainDelay: Duration = .seconds(1)
    /// From then to exit.
    package var drainTimeout: Duration = .seconds(25)

    // MARK: Log

    /// Least severity that is logged.
    package var logLevel: Logger.Level = .info
    /// Form of a log line.
    package var logFormat: LogFormat = .auto
    /// Requests that have a line in the log.
    package var accessLog: AccessLogScope = .all
    /// Bytes of lines that may wait to be written.
    package var logBufferBytes = 1024 * 1024

    /// All settings at their defaults.
    package init() {}

    /// The value of `host` that stands for "no TCP socket at all".
    package static let noHost = "none"

    /// How the model is to compute.
    package var engine: EngineOptions { EngineOptions(dataType: dtype, backend: backend) }

    /// False when only the unix socket is to be opened.
    package var listensOnTCP: Bool { host != Self.noHost }
}
