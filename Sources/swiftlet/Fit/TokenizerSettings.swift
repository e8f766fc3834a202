import JSON

/// A `tokenizer_config.json` with another length.
enum TokenizerSettings {
    static func bytes(_ original: [UInt8], maxLength: Int) throws -> [UInt8] {
        let key = "model_max_length"
        guard case .object(let settings) = try JSONParser.parse(original) else { return original }
        var writer = JSONWriter()
        writer.object { writer in
            for member in settings.members where member.key != key {
                writer.key(member.key)
                writer.value(member.value)
            }
            writer.key(key)
            writer.integer(maxLength)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
