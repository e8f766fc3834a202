import Dispatch
import Foundation
import SwiftletKit
import Synchronization

// The functions of swiftlet.h, which says what each of them does. A handle is a retained TextModel.

/// Loads a model; a null pointer on failure.
@c(swiftlet_load)
public func load(
    _ model: UnsafePointer<CChar>?,
    _ dtype: UnsafePointer<CChar>?,
    _ threads: CInt
) -> UnsafeMutableRawPointer? {
    let name = unsafe model.map { unsafe String(cString: $0) }
    let type = unsafe dtype.map { unsafe String(cString: $0) }
    let loaded = LastError.catching {
        guard let name else { throw CCallError("swiftlet_load takes a model's folder or id, not NULL") }
        var options = TextModel.Options()
        if let type {
            guard let dataType = TextModel.Options.DataType(rawValue: type) else {
                let known = TextModel.Options.DataType.allCases.map(\.rawValue).joined(separator: ", ")
                throw CCallError("dtype must be one of \(known), or NULL. Given: \(type)")
            }
            options.dataType = dataType
        }
        options.threads = threads == 0 ? nil : Int(threads)
        return try waiting { [options] in try await TextModel(name, options: options) }
    }
    return unsafe loaded.map { unsafe Unmanaged.passRetained($0).toOpaque() }
}

/// The number of floats of a vector; 0 for a null pointer.
@c(swiftlet_embedding_size)
public func embeddingSize(_ handle: UnsafeRawPointer?) -> Int {
    LastError.catching { try unsafe model(handle).embeddingSize } ?? 0
}

/// Writes the vectors of texts; -1 on failure.
@c(swiftlet_embed)
public func embed(
    _ handle: UnsafeRawPointer?,
    _ texts: UnsafePointer<UnsafePointer<CChar>?>?,
    _ count: Int,
    _ vectors: UnsafeMutablePointer<Float>?
) -> CInt {
    let done: Void? = LastError.catching {
        let model = try unsafe model(handle)
        guard count > 0 else { return }
        guard let texts = unsafe texts, let vectors = unsafe vectors else {
            throw CCallError("swiftlet_embed takes an array of texts and memory for the vectors, not NULL")
        }
        let strings = try (0..<count).map { index in
            guard let text = unsafe texts[index] else { throw CCallError("text \(index) is NULL") }
            return unsafe String(cString: text)
        }
        let size = model.embeddingSize
        for (index, vector) in try waiting({ try await model.embed(strings) }).enumerated() {
            for (component, value) in vector.enumerated() { unsafe vectors[index * size + component] = value }
        }
    }
    return done == nil ? -1 : 0
}

/// Releases a model.
@c(swiftlet_free)
public func free(_ handle: UnsafeMutableRawPointer?) {
    guard let handle = unsafe handle else { return }
    unsafe Unmanaged<TextModel>.fromOpaque(handle).release()
}

/// Why the last call on this thread failed.
@c(swiftlet_last_error)
public func lastError() -> UnsafePointer<CChar> { unsafe UnsafePointer(LastError.ofThread.text) }

/// A mistake in a call of C.
private struct CCallError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

private func model(_ handle: UnsafeRawPointer?) throws -> TextModel {
    guard let handle = unsafe handle else { throw CCallError("the model is NULL") }
    return unsafe Unmanaged<TextModel>.fromOpaque(handle).takeUnretainedValue()
}

/// Runs a task and blocks the calling thread until it has ended. C's threads are not those that run tasks.
private func waiting<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
        done.signal()
    }
    done.wait()
    return try outcome.get()
}

/// The result of a task that another thread waits for.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }

    func get() throws -> Value {
        guard let result = result.withLock({ $0 }) else { preconditionFailure("the task has ended") }
        return try result.get()
    }
}

/// The text of a thread's last error, in memory that C can read.
@safe private final class LastError {
    private(set) var text: UnsafeMutablePointer<CChar>

    private init() { unsafe text = Self.copy("") }

    deinit { unsafe text.deallocate() }

    private func set(_ message: String) {
        unsafe text.deallocate()
        unsafe text = Self.copy(message)
    }

    private static func copy(_ message: String) -> UnsafeMutablePointer<CChar> {
        let bytes = message.utf8.map { CChar(bitPattern: $0) } + [0]
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        unsafe copy.initialize(from: bytes, count: bytes.count)
        return unsafe copy
    }

    private static let key = "swiftlet.last-error"

    /// The calling thread's.
    static var ofThread: LastError {
        let storage = Thread.current.threadDictionary
        if let known = storage[key] as? LastError { return known }
        let new = LastError()
        storage[key] = new
        return new
    }

    /// Runs a call and keeps its error. Nil stands for an error.
    static func catching<Value>(_ call: () throws -> Value) -> Value? {
        do {
            let value = try call()
            ofThread.set("")
            return value
        } catch {
            ofThread.set("\(error)")
            return nil
        }
    }
}
