import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Service

@Suite("The YAML file")
struct SettingsFileTests {
    @Test("comments, quotes, blank lines, a byte order mark and Windows line ends are YAML's own")
    func ordinaryFiles() throws {
        let text = "\u{FEFF}---\r\n# comment\r\nport: 80 # web\r\n\r\n\"\"\r\n"
        #expect(throws: ConfigurationError.self) { try SettingsFile.parse(text, path: "f") }
        let settings = try SettingsFile.parse(
            "\u{FEFF}# comment\r\n---\r\nport: 80 # web\r\n\r\n  # indented\r\nhost: \"\\x3a:1\"\r\nmodel: '/a: b'\r\n",
            path: "f"
        )
        #expect(settings.map(\.key.name) == ["port", "host", "model"])
        #expect(settings.map(\.value) == ["80", "::1", "/a: b"])
        #expect(settings.map(\.source) == [3, 6, 7].map { .file(path: "f", line: $0) })
    }

    @Test("a key without a value is as if it were not there", arguments: ["", " ~", " null", " # nothing"])
    func noValue(value: String) throws {
        #expect(try SettingsFile.parse("model:\(value)\n", path: "f").isEmpty)
    }

    @Test("a quoted null is a text")
    func quotedNull() throws {
        #expect(try SettingsFile.parse("model: \"null\"\n", path: "f").map(\.value) == ["null"])
    }

    @Test("an empty file is no settings", arguments: ["", "\n", "# only this", "---\n", "\u{FEFF}"])
    func emptyFiles(text: String) throws {
        #expect(try SettingsFile.parse(text, path: "f").isEmpty)
    }

    @Test(
        "what is not a flat list of key: value is refused at its line",
        arguments: [
            ("port: 1\nserver:\n  port: 2", 3), ("- port: 1", 1), ("port: [1, 2]", 1), ("port: {a: 1}", 1),
            ("model: &a x\nhost: *a", 1), ("host: *a", 1), ("port: !!int 1", 1), ("model: |\n  a", 1), ("port:1", 1),
            ("? port\n: 1", 1), ("<<: *a", 1), ("port: 1\n...\n", 2), ("port: 1\n---\nport: 2", 2), ("{port: 1}", 1),
            ("port 1", 1), (": 1", 1), ("port: 1\u{2028} a: 2", 2), ("model: a\n  b", 2), ("\tport: 1", 1),
            ("%YAML 1.1\n---\nport: 1", 1), ("model: %a", 1), ("[[[[[[[[", 1),
        ]
    )
    func shape(text: String, line: Int) throws {
        let error = #expect(throws: ConfigurationError.self) { try SettingsFile.parse(text, path: "f") }
        guard case .malformedFile("f", line, _)? = error else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
    }

    @Test("a key that is given twice is refused")
    func duplicates() {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingsFile.parse("port: 1\nhost: a\nport: 2\n", path: "f")
        }
        #expect(error?.description.contains("given twice: port") == true)
    }

    @Test("a quote that is not closed on its line is refused", arguments: ["\"a\nport: 1\nmodel: \"", "\"a", "'"])
    func openQuotes(value: String) {
        #expect(throws: ConfigurationError.self) { try SettingsFile.parse("host: \(value)\n", path: "f") }
    }

    @Test("hostile files end in an error at once, not in a crash or a long wait")
    func hostileFiles() throws {
        let laughs = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1),*a\($0 - 1)]" }.joined(separator: "\n")
        let files = [
            laughs, String(repeating: "[", count: 60_000), String(repeating: "{a: ", count: 15_000),
            String(repeating: "- ", count: 30_000),
            (0..<300).map { String(repeating: " ", count: $0) + "a:" }
                .joined(separator: "\n"), "port: " + String(repeating: "9", count: 60_000),
            "model: \"\\0\"", "model: \"\u{7}\"", "port: \0", "\u{FFFE}", "host: \"\\uD800\"",
        ]
        let start = ContinuousClock.now
        for file in files {
            #expect(throws: ConfigurationError.self, "\(file.prefix(40))") {
                var configuration = ServiceConfiguration()
                for setting in try SettingsFile.parse(file, path: "f") { try setting.apply(to: &configuration) }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("random mutations of the reference file are read or refused, never a crash")
    func mutations() {
        var generator = SeededGenerator(seed: 0x5EED)
        let pieces = [
            "\n", ":", " ", "\"", "'", "#", "&a", "*a", "[", "{", "- ", "? ", "\u{85}", "\t", "\0", "é", "---",
        ]
        let original = Array(ServiceConfiguration().yaml.unicodeScalars)
        for _ in 0..<300 {
            var text = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = Int.random(in: 0..<text.count, using: &generator)
                if Bool.random(using: &generator) {
                    text.removeSubrange(position..<min(text.count, position + Int.random(in: 1...9, using: &generator)))
                }
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                text.insert(contentsOf: piece.unicodeScalars, at: min(position, text.count))
            }
            var scalars = String.UnicodeScalarView()
            scalars.append(contentsOf: text)
            do throws(ConfigurationError) {
                for setting in try SettingsFile.parse(String(scalars), path: "f") {
                    #expect(ConfigurationKey.named(setting.key.name) != nil)
                }
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("a file that is absent, a folder, too large or not UTF-8 is refused by name")
    func unreadable() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let large = try temporaryConfiguration(String(repeating: "#\n", count: SettingsFile.maxBytes))
        let binary = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)").path
        try Data([0x70, 0xFF, 0xFE]).write(to: URL(filePath: binary))
        for path in [folder + "/swiftlet-absent", folder, large, binary, "/dev/zero"] {
            let error = #expect(throws: ConfigurationError.self) { try SettingsFile.read(path: path) }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("the reference file reads back as the defaults")
    func readBack() throws {
        var configuration = ServiceConfiguration()
        let settings = try SettingsFile.parse(configuration.yaml, path: "f")
        #expect(settings.count == ConfigurationKey.all.filter { $0.defaultValue != nil }.count)
        for setting in settings { try setting.apply(to: &configuration) }
        #expect(configuration == ServiceConfiguration())
    }

    @Test("any configuration that is printed reads back as itself")
    func printedConfigurations() throws {
        var configuration = ServiceConfiguration()
        configuration.model.name = "/a \"b\" \\c: #d"
        configuration.listen.host = "::"
        configuration.model.servedName = "- größe"
        configuration.http.idleTimeout = .milliseconds(1500)
        _ = ConfigurationKey.named("default_pooling")?.write(&configuration, "cls")
        var copy = ServiceConfiguration()
        for setting in try SettingsFile.parse(configuration.yaml, path: "f") { try setting.apply(to: &copy) }
        #expect(copy == configuration)
    }

    @Test("config/swiftlet.yaml is what --print-config prints")
    func committedFile() throws {
        // Tests/ServiceTests/Configuration/<this file>
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let committed = try String(contentsOf: root.appending(path: "config/swiftlet.yaml"), encoding: .utf8)
        #expect(committed == ServiceConfiguration().yaml, "run: swiftlet serve --print-config > config/swiftlet.yaml")
    }
}
