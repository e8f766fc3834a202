import Foundation

/// Works on many texts at once and gives the results in the texts' order, with a bounded number of texts in memory.
///
/// A separate thread reads (it may wait long, for example for a person who types) and starts a task for each text. The
/// results are awaited in order. So the engine can make batches of many waiting texts, and a single text does not wait
/// for others.
enum TextPipeline {
    /// Most texts in work at once: enough for several batches, so that no worker waits for the reader.
    static let maxTextsInWork = 256
    /// A long text counts as one more text for each this many bytes. So the memory is bounded to 4 MiB and one text.
    static let bytesPerSlot = 16 * 1024

    /// Runs `work` on every text of `source` and calls `emit` with each result, in order, on the caller's task.
    ///
    /// - Throws: the first error of the source, of `work` or of `emit`, in the texts' order. At that moment reading
    ///   may still go on, so the caller should end the process.
    static func run<Output: Sendable>(
        _ source: TextSource,
        work: @escaping @Sendable (Text) async throws -> Output,
        emit: (Text, Output) throws -> Void
    ) async throws {
        let slots = DispatchSemaphore(value: 0)
        // The semaphore starts at 0 and is then raised, because the process stops if a semaphore is freed below its
        // first value.
        for _ in 0..<maxTextsInWork { slots.signal() }
        let (jobs, continuation) = AsyncStream.makeStream(of: Job<Output>.self)
        let reader = Thread {
            do throws(CommandError) {
                try source.forEach { text in
                    let count = Self.slots(for: text)
                    for _ in 0..<count { slots.wait() }
                    continuation.yield(Job(text: text, slots: count, task: Task { try await work(text) }))
                }
            } catch {
                continuation.yield(Job(text: Text(index: 0, content: ""), slots: 0, task: Task { throw error }))
            }
            continuation.finish()
        }
        reader.start()
        for await job in jobs {
            let output = try await job.task.value
            try emit(job.text, output)
            for _ in 0..<job.slots { slots.signal() }
        }
    }

    private struct Job<Output: Sendable>: Sendable {
        let text: Text
        let slots: Int
        let task: Task<Output, any Error>
    }

    private static func slots(for text: Text) -> Int {
        min(maxTextsInWork, 1 + text.content.utf8.count / bytesPerSlot)
    }
}
