import Foundation

/// A program of the machine, run as a user would run it.
enum Command {
    /// The program's output; nil, with the reason printed, if it is not installed.
    static func run(_ name: String, _ arguments: [String], input: String = "") async throws -> String? {
        guard
            let path = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
                .map({ "\($0)/\(name)" })
                .first(where: { FileManager.default.isExecutableFile(atPath: $0) })
        else {
            print("skipped: \(name) is not installed")
            return nil
        }
        return try await onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            let (written, output) = (Pipe(), Pipe())
            process.standardInput = written
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            try written.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try written.fileHandleForWriting.close()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        }
    }
}
