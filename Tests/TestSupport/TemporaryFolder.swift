import Foundation

/// A temporary folder for one test. It is removed when the value ends.
package final class TemporaryFolder {
    package let path: String

    package init() throws {
        path = "\(NSTemporaryDirectory())/swiftlet-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path. A file of that name is replaced, not truncated: truncation would change the
    /// file under a mapping, and makes ext4 write to the disk at once.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try? FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}
