import Batching
import Encoder
import Foundation
import HTTPServer
import JSON

extension OpenAIRoutes {
    /// The one model there is, in OpenAI's list.
    static func models(_ context: RouteContext) throws -> Response {
        let inference = try context.inference
        return .json { writer in
            writer.object { writer in
                writer.member("object", "list")
                writer.key("data")
                writer.array([inference]) { $1.writeOpenAIModel(&$0) }
            }
        }
    }

    /// The model, by its name.
    static func model(_ name: String, _ context: RouteContext) throws -> Response {
        let inference = try context.inference
        try inference.checkName(name)
        return .json { inference.writeOpenAIModel(&$0) }
    }
}

extension InferenceService {
    /// - Throws: 404 for a name that is not the served model's.
    func checkName(_ name: String) throws(ServiceError) {
        guard name == model.name else {
            throw ServiceError(
                404,
                .notFound,
                "there is no model \"\(name.prefix(100))\"; the served one is \"\(model.name)\""
            )
        }
    }

    /// What the model can be asked for, in Infinity's words.
    private var capabilities: [String] {
        var capabilities = ["embed"]
        if let classifier = model.encoder.classifier {
            capabilities.append("classify")
            if classifier.labels.count == 1 { capabilities.append("rerank") }
        }
        return capabilities
    }

    /// OpenAI's model object with Infinity's additions.
    fileprivate func writeOpenAIModel(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", model.name)
            writer.member("object", "model")
            writer.key("created")
            writer.integer(Int(model.loadedAt.timeIntervalSince1970))
            // Infinity's client takes no other value; OpenAI's takes any.
            writer.member("owned_by", "infinity")
            writer.member("backend", model.encoder.engine.backend)
            writer.key("capabilities")
            writer.array(capabilities) { $0.string($1) }
            writer.key("stats")
            writer.object { writeStatistics(&$0) }
        }
    }

    /// How full the queue is, as Infinity says it.
    private func writeStatistics(_ writer: inout JSONWriter) {
        let waiting = statistics.waitingRows
        writer.key("queue_fraction")
        writer.number(Double(waiting) / Double(max(1, configuration.batching.maxQueueSequences)))
        writer.key("queue_absolute")
        writer.integer(waiting)
        writer.key("results_pending")
        writer.integer(waiting)
        writer.key("batch_size")
        writer.integer(configuration.batching.maxBatchSequences)
    }
}
