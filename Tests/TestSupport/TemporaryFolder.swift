import Foundation

/// A folder of its own for one test, removed with the value.
package final class TemporaryFolder {
    package let path: String

    package init() throws {
        path = "\(NSTemporaryDirectory())/swiftlet-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, new even where one of that name is (truncating it would pull it from under a mapping, and makes
    /// ext4 write to the disk at once), and returns its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try? FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}
