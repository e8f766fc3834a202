import Foundation
import JSON

extension JSONWriter {
    /// A key with a text.
    mutating func member(_ key: String, _ text: String) {
        self.key(key)
        string(text)
    }

    /// An answer of OpenAI's kind, as Infinity, vLLM and Jina give it too: what it is, `data` or `results`, and what it
    /// cost.
    mutating func envelope(
        object: String,
        model: String,
        usage: Usage,
        _ content: (inout JSONWriter) throws -> Void
    ) rethrows {
        try self.object { writer in
            writer.member("object", object)
            writer.member("id", Self.answerID())
            writer.key("created")
            writer.integer(Int(Date().timeIntervalSince1970))
            writer.member("model", model)
            try content(&writer)
            writer.key("usage")
            writer.object { writer in
                writer.key("prompt_tokens")
                writer.integer(usage.tokens)
                writer.key("total_tokens")
                writer.integer(usage.tokens)
            }
        }
    }

    /// A name for an answer, unlike any other's.
    static func answerID() -> String { UUID().uuidString.lowercased() }
}
