import Foundation
import Synchronization

/// The log of a running program, read all the time by a thread of its own. Guard: the mutex.
final class ServeLog: Sendable {
    let pipe = Pipe()
    private let read = Mutex("")

    init() {
        Thread { [weak self, handle = pipe.fileHandleForReading] in
            while true {
                let piece = handle.availableData
                guard !piece.isEmpty, let self else { return }
                self.read.withLock { $0 += String(decoding: piece, as: UTF8.self) }
            }
        }.start()
    }

    /// All that was written so far.
    var text: String { read.withLock { $0 } }

    /// The last line that contains a text. Waits some seconds for it; nil if it does not come.
    func line(containing text: String) async -> String? {
        for _ in 0..<1000 {
            if let line = self.text.split(separator: "\n").last(where: { $0.contains(text) }) { return String(line) }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }
}
