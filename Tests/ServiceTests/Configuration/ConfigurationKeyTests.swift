import Foundation
import Testing

@testable import Service

@Suite("The table of settings")
struct ConfigurationKeyTests {
    @Test("names are unique, in snake case, and spelled alike as flag and variable")
    func spellings() throws {
        let names = ConfigurationKey.all.flatMap { [$0.name, $0.formerName].compactMap(\.self) }
        #expect(Set(names).count == names.count)
        for key in ConfigurationKey.all {
            #expect(key.name.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil, "\(key.name)")
        }
        let key = try #require(ConfigurationKey.named("max_batch_tokens"))
        #expect(key.flag == "--max-batch-tokens")
        #expect(key.variable == "SWIFTLET_MAX_BATCH_TOKENS")
    }

    @Test("each default is a value that the key itself takes, and writing it changes nothing", arguments: names)
    func defaults(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        guard let value = key.defaultValue else { return }
        var configuration = ServiceConfiguration()
        #expect(key.write(&configuration, value))
        #expect(configuration == ServiceConfiguration())
    }

    @Test("each key writes its own property and reads it back", arguments: names)
    func ownProperty(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        let other = try #require(Self.otherValue(of: key))
        var configuration = ServiceConfiguration()
        #expect(key.write(&configuration, other))
        #expect(key.read(configuration) == other)
        #expect(configuration != ServiceConfiguration())
        for unrelated in ConfigurationKey.all where unrelated.name != name {
            #expect(unrelated.read(configuration) == unrelated.defaultValue, "\(unrelated.name)")
        }
    }

    @Test("each effect is a paragraph that ends in a full stop, and each key describes its values", arguments: names)
    func documented(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        #expect(key.effect.count > 40)
        #expect(key.effect.hasSuffix(".") || key.effect.hasSuffix(")."))
        #expect(!key.effect.contains("\n") && !key.effect.contains("  "))
        #expect(ConfigurationKey.help.contains(key.flag))
    }

    @Test(
        "numbers out of range or of another type are not taken",
        arguments: ["-1", "65536", "8080.0", "0x50", "9223372036854775808", "eighty", "", " 80", "8_0"]
    )
    func integers(text: String) throws {
        var configuration = ServiceConfiguration()
        #expect(try #require(ConfigurationKey.named("port")).write(&configuration, text) == false)
        #expect(configuration == ServiceConfiguration())
    }

    @Test(
        "times are plain decimals, nothing else that Double would read",
        arguments: ["", ".", "-1", "+1", "1e3", "0x10", "inf", "nan", "86401", "0.0001", "1.2.3", "10 s", "10,5", "٣"]
    )
    func wrongTimes(text: String) throws {
        var configuration = ServiceConfiguration()
        #expect(try #require(ConfigurationKey.named("head_timeout")).write(&configuration, text) == false)
    }

    @Test("times are read to the millisecond", arguments: ["0.5", "1", "0.001", "86400", "12.34", "3.007"])
    func times(text: String) throws {
        let key = try #require(ConfigurationKey.named("head_timeout"))
        var configuration = ServiceConfiguration()
        #expect(key.write(&configuration, text))
        #expect(key.read(configuration) == text)
    }

    @Test("a text must say something, on one line, and no more than a path may hold")
    func texts() throws {
        let key = try #require(ConfigurationKey.named("model"))
        var configuration = ServiceConfiguration()
        for wrong in ["", "a\nb", "a\0b", String(repeating: "x", count: 4097)] {
            #expect(key.write(&configuration, wrong) == false)
        }
        #expect(key.write(&configuration, "/models/größe 1"))
        #expect(configuration.model.name == "/models/größe 1")
    }

    static let names = ConfigurationKey.all.map(\.name)

    /// A value that the key takes and that is not its default.
    static func otherValue(of key: ConfigurationKey) -> String? {
        var scratch = ServiceConfiguration()
        let choices = key.type.split(separator: "|").map(String.init)
        return (choices + ["7", "999", "1023", "99999", "/somewhere", "https://example.org"]).first { candidate in
            candidate != key.defaultValue && key.write(&scratch, candidate)
        }
    }
}
