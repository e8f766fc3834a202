import Batching
import HTTPProtocol
import HTTPServer

/// How the settings become each room's own configuration.
extension SwiftletServer {
    static func serverConfiguration(
        _ settings: ServiceConfiguration,
        edge: Edge,
        budget: Int
    ) -> HTTPServerConfiguration {
        var addresses: [ListenAddress] = []
        if settings.listensOnTCP { addresses.append(.tcp(host: settings.host, port: settings.port)) }
        if let path = settings.unixSocket { addresses.append(.unix(path: path)) }
        var server = HTTPServerConfiguration(addresses: addresses)
        server.limits.maxHeaderBytes = settings.maxHeaderBytes
        server.limits.maxHeaderFields = settings.maxHeaderFields
        server.limits.maxTargetBytes = settings.maxTargetBytes
        server.limits.maxBodyBytes = settings.maxBodyBytes
        server.limits.maxConcurrentStreams = settings.maxConcurrentStreams
        server.eventLoops = settings.eventLoopCount(budget: budget)
        server.requestThreads = settings.requestThreadCount(budget: budget)
        server.maxConnections = settings.maxConnections
        server.backlog = settings.backlog
        server.certificates = edge.certificates
        server.handshakeTimeout = settings.handshakeTimeout
        server.headTimeout = settings.headTimeout
        server.bodyTimeout = settings.bodyTimeout
        server.writeTimeout = settings.writeTimeout
        server.idleTimeout = settings.idleTimeout
        server.halfCloseGrace = settings.halfCloseGrace
        server.lingerTimeout = settings.lingerTimeout
        server.maxInboundBytes = settings.maxInboundBytes
        server.maxOutboundBytesPerConnection = settings.maxOutboundBytesPerConnection
        server.maxOutboundBytes = settings.maxOutboundBytes
        server.serverName = "swiftlet"
        return server
    }

    static func inferenceConfiguration(_ settings: ServiceConfiguration, budget: Int) -> InferenceConfiguration {
        var inference = InferenceConfiguration(workers: settings.workerCount(budget: budget))
        inference.maxWorkerReplacements = settings.maxWorkerReplacements
        inference.batching.maxBatchTokens = settings.maxBatchTokens
        inference.batching.maxBatchSequences = settings.maxBatchRows
        inference.batching.batchLatencyTarget = settings.batchLatencyTarget
        inference.batching.maxQueueTokens = settings.maxQueueTokens
        inference.batching.maxQueueSequences = settings.maxQueueRows
        inference.batching.maxHeldSequences = settings.maxHeldRows
        inference.batching.maxAdmissionWait = settings.maxAdmissionWait
        inference.batching.resultCacheBytes = settings.resultCacheBytes
        inference.requestTimeout = settings.requestTimeout > .zero ? settings.requestTimeout : nil
        inference.autoTruncate = settings.autoTruncate
        inference.maxClientBatchSize = settings.maxClientBatchSize
        inference.maxInputLength = settings.maxInputLength > 0 ? settings.maxInputLength : nil
        inference.maxTokenVectorsPerRequest = settings.maxTokenVectorsPerRequest
        inference.maxTokenVectorsHeld = settings.maxTokenVectorsHeld
        inference.maxTokenizedTokens = settings.maxTokenizedTokens
        inference.requestThreads = settings.requestThreadCount(budget: budget)
        inference.defaultPooling = settings.defaultPooling
        inference.defaultPrompt = settings.defaultPrompt
        return inference
    }
}
