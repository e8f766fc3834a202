/// Paths of the folders that tests read.
enum Fixtures {
    private static let tests = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }

    /// Small models in the Hub's layout, shared with other targets' tests.
    static func model(_ name: String) -> String { "\(tests)/Fixtures/models/\(name)" }

    /// What `scripts/make_checkpoint_fixtures.py` wrote.
    static let files = "\(tests)/CheckpointTests/Fixtures"
}
