import Foundation

/// Standard error, for messages and progress; standard output is for results only.
enum StandardError {
    static var isTerminal: Bool { isatty(2) == 1 }

    /// Writes a text; where that fails there is nobody left to tell.
    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
