import Foundation

/// Paths of the files that tests read.
enum Fixtures {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    /// A file that `scripts/make_checkpoint_fixtures.py` wrote.
    static func path(_ name: String) -> String { "\(tests)Fixtures/checkpoint/\(name)" }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(name))))
    }

    /// The folder of larger models written by PyTorch, which a checkout does not need to have.
    static let reference: String? = {
        let variable = ProcessInfo.processInfo.environment["SWIFTLET_REFERENCE"]
        let folder = variable ?? "\(tests)../../shared/reference"
        return FileManager.default.fileExists(atPath: "\(folder)/models") ? folder : nil
    }()
}
