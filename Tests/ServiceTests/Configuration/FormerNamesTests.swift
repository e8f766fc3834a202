import Batching
import Inference
import Testing

@testable import Service

@Suite("Former names of settings")
struct FormerNamesTests {
    @Test("a former name works in every source, reaches its property, and is warned of by the new name")
    func everySource() throws {
        let path = try temporaryConfiguration("port: 1\nmax_batch_rows: 7\n")
        let sources: [(flags: [String], environment: [String: String], place: String)] = [
            ([], ["SWIFTLET_CONFIG": path], "\(path):2"),
            ([], ["SWIFTLET_MAX_BATCH_ROWS": "7"], "environment variable SWIFTLET_MAX_BATCH_ROWS"),
            (["--max-batch-rows", "7"], [:], "flag --max-batch-rows"),
            (["--max-batch-rows=7"], [:], "flag --max-batch-rows"),
        ]
        for (flags, environment, place) in sources {
            let configuration = try ServiceConfiguration.resolve(flags: flags, environment: environment)
            #expect(configuration.inference.batching.maxBatchSequences == 7)
            let warning = "\(place): the setting max_batch_rows is named max_batch_texts now; "
            #expect(configuration.warnings == [warning + "the former name works in this release only"])
        }
    }

    @Test("the three settings that were renamed have their former names, and no others")
    func names() throws {
        let renamed = ConfigurationKey.all.filter { $0.formerName != nil }.map { [$0.name, $0.formerName] }
        #expect(
            renamed == [
                ["max_batch_texts", "max_batch_rows"], ["max_queue_texts", "max_queue_rows"],
                ["max_held_texts", "max_held_rows"],
            ]
        )
        let flags = ["--max-queue-rows=99", "--max-held-rows=99999"]
        let policy = try ServiceConfiguration.resolve(flags: flags, environment: [:]).inference.batching
        #expect(policy.maxQueueSequences == 99)
        #expect(policy.maxHeldSequences == 99_999)
    }

    @Test("the present name is not warned of, and a former name is not printed")
    func presentNames() throws {
        let present = try ServiceConfiguration.resolve(
            flags: ["--max-batch-texts=7"],
            environment: ["SWIFTLET_MAX_HELD_TEXTS": "99999"]
        )
        #expect(present.warnings.isEmpty)
        let former = try ServiceConfiguration.resolve(flags: ["--max-batch-rows=7"], environment: [:])
        #expect(former.yaml.contains("\nmax_batch_texts: 7\n"))
        for key in ConfigurationKey.all {
            guard let name = key.formerName else { continue }
            #expect(!former.yaml.contains(name) && !ConfigurationKey.help.contains(ConfigurationKey.flag(name)))
        }
    }

    @Test("flag over environment over file holds across both names, and the last flag wins")
    func precedence() throws {
        let path = try temporaryConfiguration("max_batch_texts: 1\nmax_queue_rows: 11\nmax_held_rows: 99991\n")
        let configuration = try ServiceConfiguration.resolve(
            flags: ["--max-batch-texts=3", "--max-batch-rows=4", "--max-queue-texts=13"],
            environment: ["SWIFTLET_MAX_BATCH_ROWS": "2", "SWIFTLET_MAX_HELD_TEXTS": "99992"],
            file: path
        )
        #expect(configuration.inference.batching.maxBatchSequences == 4)
        #expect(configuration.inference.batching.maxQueueSequences == 13)
        #expect(configuration.inference.batching.maxHeldSequences == 99_992)
        #expect(configuration.warnings.count == 4)
    }

    @Test("a file or an environment that gives both names two values is refused; one value twice is not")
    func twoValues() throws {
        let path = try temporaryConfiguration("max_batch_rows: 1\nmax_batch_texts: 2\n")
        let inFile = #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration.resolve(flags: [], environment: [:], file: path)
        }
        #expect(
            inFile?.description
                == "\(path):1 and \(path):2 give max_batch_texts, formerly max_batch_rows, two values: "
                + "remove max_batch_rows"
        )
        let environment = ["SWIFTLET_MAX_BATCH_ROWS": "1", "SWIFTLET_MAX_BATCH_TEXTS": "2"]
        #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration.resolve(flags: [], environment: environment)
        }
        let same = environment.mapValues { _ in "5" }
        let configuration = try ServiceConfiguration.resolve(flags: [], environment: same)
        #expect(configuration.inference.batching.maxBatchSequences == 5)
        #expect(configuration.warnings.count == 1)
    }

    @Test(
        "a wrong value by a former name is refused by the name as it was written; a mistyped name leads to the new one"
    )
    func wrongValues() {
        let wrong = #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration.resolve(flags: ["--max-batch-rows=x"], environment: [:])
        }
        #expect(
            wrong?.description
                == "flag --max-batch-rows: max_batch_rows is \"x\", expected integer (texts) 1 to 65536"
        )
        for (flags, message) in [
            (["--max-batch-rows"], "flag --max-batch-rows has no value, expected integer (texts) 1 to 65536"),
            (["--max-held-rows=1"], "max_held_rows (1) is below max_client_batch_size"),
            (["--max-held-rows=1", "--max-held-texts=2"], "max_held_texts (2) is below max_client_batch_size"),
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try ServiceConfiguration.resolve(flags: flags, environment: [:])
            }
            #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        }
        let mistyped = #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration.resolve(flags: ["--max-batch-text=1"], environment: [:])
        }
        #expect(mistyped?.description == "unknown flag --max-batch-text; did you mean --max-batch-texts?")
    }
}
