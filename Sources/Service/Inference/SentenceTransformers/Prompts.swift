import Checkpoint
import Foundation

/// The texts that a model wants before those of its users, by name: `query: ` or `passage: `, for example.
package struct Prompts: Sendable, Equatable {
    /// By name.
    package private(set) var texts: [String: String] = [:]
    /// The one for requests that name none.
    package private(set) var defaultText: String?

    /// No prompts.
    package init() {}

    /// `prompts` and `default_prompt_name` of sentence-transformers' config_sentence_transformers.json.
    /// - Throws: what is wrong with the file; without one there are no prompts.
    init(inModelDirectory directory: String) throws(ModelError) {
        let path = directory + "/config_sentence_transformers.json"
        guard FileManager.default.fileExists(atPath: path) else { return }
        let name: String?
        do {
            let file = try ConfigurationFile(path: path)
            texts = try file.stringMap("prompts") ?? [:]
            name = file.contains("default_prompt_name") ? try file.string("default_prompt_name") : nil
        } catch {
            throw .unreadable(error)
        }
        if let name { defaultText = try text(named: name, askedForBy: path) }
    }

    /// - Parameter place: who asks, for the message.
    package func text(named name: String, askedForBy place: String) throws(ModelError) -> String {
        guard let text = texts[name] else { throw .unknownPrompt(name, askedForBy: place, known: texts.keys.sorted()) }
        return text
    }
}
