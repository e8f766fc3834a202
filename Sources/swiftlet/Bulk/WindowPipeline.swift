import Foundation

/// Works on the texts of a long input in windows. Texts in a window are sorted by length, so that texts of similar
/// length are computed together. Results come in the input's order. At most two windows are in memory.
///
/// A separate thread reads, and starts a task for each group of texts. While the last groups of one window are
/// computed, the first groups of the next window are already started, so that the engine never waits for the end of a
/// window.
enum WindowPipeline {
    /// Most texts of a window. An interruption loses the work on one window.
    static let textsPerWindow = 1024
    /// Bytes after which a window is closed, however few its texts.
    static let bytesPerWindow = 4 * 1024 * 1024
    /// Most texts of a task. If each task had one text, the tasks would cost more than a small model's arithmetic.
    static let textsPerGroup = 32
    /// Bytes after which a group is closed: about four thousand tokens, enough for many batches.
    static let bytesPerGroup = 16 * 1024
    /// Most groups in work at once: while one is tokenized, there are others for the engine's workers.
    static let maxGroupsInWork = 16

    /// Runs `work` on all texts of `source`.
    ///
    /// - Parameters:
    ///   - skipped: the number of texts at the input's beginning that are skipped.
    ///   - work: a result for each text of a group.
    ///   - advance: called with each finished group's texts and bytes of the input, on the caller's task.
    ///   - emit: called with each window's texts and results, in order, on the caller's task.
    /// - Throws: the first error of the source, of `work` or of `emit`. At that moment reading may still go on, so
    ///   the caller should end the process.
    static func run<Output: Sendable>(
        _ source: TextSource,
        skipping skipped: Int = 0,
        work: @escaping @Sendable ([Text]) async throws -> [Output],
        advance: (Int, Int) -> Void = { _, _ in },
        emit: ([Text], [Output]) throws -> Void
    ) async throws {
        let slots = DispatchSemaphore(value: 0)
        // The semaphore starts at 0 and is then raised, because the process stops if a semaphore is freed below its
        // first value.
        for _ in 0..<maxGroupsInWork { slots.signal() }
        let (jobs, continuation) = AsyncStream.makeStream(of: Job<Output>.self)
        let reader = Thread {
            var builder = WindowBuilder(skipping: skipped)
            func start(_ window: Window) {
                for (number, places) in window.groups().enumerated() {
                    slots.wait()
                    let texts = places.map { window.texts[$0] }
                    let task = Task { try await work(texts) }
                    let bytes = places.reduce(0) { $0 + window.bytes[$1] }
                    continuation.yield(
                        Job(window: number == 0 ? window : nil, places: places, bytes: bytes, task: task)
                    )
                }
            }
            do throws(CommandError) {
                try source.forEach { text in
                    if let window = builder.append(text) { start(window) }
                }
                if let window = builder.close() { start(window) }
            } catch {
                continuation.yield(Job(window: nil, places: [], bytes: 0, task: Task { throw error }))
            }
            continuation.finish()
        }
        reader.start()
        var texts: [Text] = []
        var outputs: [Output?] = []
        var missing = 0
        for await job in jobs {
            if let window = job.window {
                texts = window.texts
                outputs = Array(repeating: nil, count: texts.count)
                missing = texts.count
            }
            for (place, output) in zip(job.places, try await job.task.value) { outputs[place] = output }
            slots.signal()
            missing -= job.places.count
            advance(job.places.count, job.bytes)
            if missing == 0 { try emit(texts, outputs.compactMap(\.self)) }
        }
    }

    /// A group of a window in work.
    private struct Job<Output: Sendable>: Sendable {
        /// The window, if this is the window's first group.
        let window: Window?
        let places: [Int]
        let bytes: Int
        let task: Task<[Output], any Error>
    }
}

/// Texts that follow each other in the input.
struct Window: Sendable {
    fileprivate(set) var texts: [Text] = []
    /// Bytes that each text takes in the input, including separators and line ends.
    fileprivate(set) var bytes: [Int] = []

    /// The indices of the texts in groups, longest text first.
    func groups() -> [[Int]] {
        let lengths = texts.map(\.content.utf8.count)
        let places = texts.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
        var groups: [[Int]] = []
        var capacity = 0
        for place in places {
            if capacity < lengths[place] || (groups.last?.count ?? 0) == WindowPipeline.textsPerGroup {
                groups.append([])
                capacity = WindowPipeline.bytesPerGroup
            }
            groups[groups.count - 1].append(place)
            capacity -= lengths[place]
        }
        return groups
    }
}

/// Collects texts into windows.
private struct WindowBuilder {
    private var window = Window()
    private var windowBytes = 0
    private var skipped: Int
    private var lastEnd = 0

    init(skipping count: Int) { skipped = count }

    /// - Returns: the window, if the text fills it.
    mutating func append(_ text: Text) -> Window? {
        defer { lastEnd = text.endByte }
        guard skipped == 0 else {
            skipped -= 1
            return nil
        }
        window.texts.append(text)
        window.bytes.append(text.endByte - lastEnd)
        windowBytes += text.content.utf8.count
        let isFull =
            window.texts.count == WindowPipeline.textsPerWindow || windowBytes >= WindowPipeline.bytesPerWindow
        return isFull ? close() : nil
    }

    /// - Returns: the last window; nil if it has no texts.
    mutating func close() -> Window? {
        guard !window.texts.isEmpty else { return nil }
        defer { (window, windowBytes) = (Window(), 0) }
        return window
    }
}
