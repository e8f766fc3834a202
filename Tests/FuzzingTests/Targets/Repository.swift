import Foundation

/// Files that targets read and write.
enum Repository {
    /// Four levels above this file.
    static let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.path

    /// A value without which fuzzing makes no sense.
    static func load<Value>(_ body: () throws -> Value) -> Value {
        do {
            return try body()
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// A folder of this process in memory, or in the temporary folder if there is no such file system.
    private static let scratch = load {
        let memory = "/dev/shm"
        let base = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        let folder = "\(base)/swiftlet-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// The folder, with the input in a file of this name.
    static func scratchFolder(holding input: [UInt8], as name: String) -> String {
        load { try Data(input).write(to: URL(filePath: "\(scratch)/\(name)")) }
        return scratch
    }
}
