import Foundation

/// An answer as a client sees it.
struct RawResponse: Equatable {
    var status = 0
    /// The header fields. Their names are in lower case.
    var fields: [String: String] = [:]
    var body = ""
}

enum RawClientError: Error {
    case cannotConnect(Int32)
    case timedOut(soFar: String)
    case closed(soFar: String)
    case failed(Int32, soFar: String)
}

/// A blocking client that sends exactly the bytes it is given. For use on a thread of its own, see `onThread`.
///
/// Unchecked, because tests pass it from thread to thread. At most one thread sends and one receives at a time, and
/// only the receiving one uses `received`.
final class RawClient: @unchecked Sendable {
    /// The time that an answer may take before a test fails.
    static let patience = 10.0

    let number: Int32
    private var received: [UInt8] = []

    /// Makes a client that is not connected yet, but has its descriptor.
    init() {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    }

    /// - Parameter receiveBuffer: The most bytes that the kernel holds for this client, for tests that need a small
    ///   number.
    convenience init(port: Int, receiveBuffer: Int32? = nil) throws {
        self.init()
        if var size = receiveBuffer {
            setsockopt(number, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        try connect(port: port)
    }

    func connect(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        try connect(to: &address, MemoryLayout<sockaddr_in>.size)
    }

    init(path: String) throws {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try connect(to: &address, MemoryLayout<sockaddr_un>.size)
    }

    deinit {
        close(number)
    }

    private func connect(to address: UnsafeRawPointer, _ length: Int) throws {
        let result = Foundation.connect(number, address.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        guard result == 0 else { throw RawClientError.cannotConnect(errno) }
    }

    // MARK: Sending

    /// Sends all bytes. Returns false once the server has closed.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func get(_ path: String, fields: String = "") { send("GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n") }

    func post(_ path: String, _ body: String) {
        send("POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    func finishSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Makes the close at this object's end a reset.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    // MARK: Receiving

    /// The next answer. Its body is read by length or by chunks; with `isHead` there is none.
    func response(isHead: Bool = false) throws -> RawResponse {
        let head = try take(through: "\r\n\r\n")
        var lines = head.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw RawClientError.closed(soFar: head) }
        var response = RawResponse()
        response.status = Int(lines.removeFirst().split(separator: " ").dropFirst().first ?? "") ?? 0
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            response.fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        guard !isHead else { return response }
        if response.fields["transfer-encoding"] == "chunked" {
            // A CR LF is one Character.
            while let size = Int(try take(through: "\r\n").dropLast(), radix: 16), size > 0 {
                response.body += try take(count: size)
                _ = try take(count: 2)
            }
            _ = try take(count: 2)
        } else {
            response.body = try take(count: Int(response.fields["content-length"] ?? "") ?? 0)
        }
        return response
    }

    /// Everything until the server closes.
    func readToEnd() throws -> String {
        while try receiveMore() {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Exactly this many bytes; nil at the end.
    func bytes(_ count: Int) throws -> [UInt8]? {
        while received.count < count {
            guard try receiveMore() else { return nil }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Whether the server closes, by an end or a reset, without sending further bytes.
    func isClosedByServer() -> Bool {
        do {
            return try readToEnd().isEmpty
        } catch RawClientError.failed(ECONNRESET, _) {
            return true
        } catch {
            return false
        }
    }

    private func take(through mark: String) throws -> String {
        let bytes = Array(mark.utf8)
        while true {
            if let range = received.firstRange(of: bytes) { return take(first: range.upperBound) }
            guard try receiveMore() else { throw RawClientError.closed(soFar: soFar) }
        }
    }

    private func take(count: Int) throws -> String {
        while received.count < count {
            guard try receiveMore() else { throw RawClientError.closed(soFar: soFar) }
        }
        return take(first: count)
    }

    private func take(first count: Int) -> String {
        defer { received.removeFirst(count) }
        return String(decoding: received.prefix(count), as: UTF8.self)
    }

    private var soFar: String { String(decoding: received.prefix(300), as: UTF8.self) }

    /// Waits for bytes. Returns false at the end.
    private func receiveMore() throws -> Bool {
        var poller = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(Self.patience * 1000)) == 1 else { throw RawClientError.timedOut(soFar: soFar) }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(number, &buffer, buffer.count, 0)
        guard count >= 0 else { throw RawClientError.failed(errno, soFar: soFar) }
        received += buffer.prefix(count)
        return count > 0
    }
}

/// Runs blocking work on a thread of its own, so that it does not delay other tests.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: work)) }.start()
    }
}
