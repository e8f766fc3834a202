import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A request with its body as text.
struct Request: Sendable {
    let method: String
    let path: String
    let body: String
}

/// A socket on loopback that listens.
struct Listener {
    private let socket: Int32

    init(port: UInt16) throws {
        #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        socket = Foundation.socket(AF_INET, stream, 0)
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(socket, 64) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    /// The connections, as clients open them. A thread of its own waits for them.
    func connections() -> AsyncStream<Connection> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while true {
                    let client = accept(socket, nil, nil)
                    if client >= 0 { continuation.yield(Connection(socket: client)) }
                }
            }
        }
    }
}

/// A connection, on which one request is answered.
struct Connection: Sendable {
    let socket: Int32

    /// The most bytes of a request.
    private static let limit = 1 << 20

    func serve(_ answer: @Sendable (Request) async -> (Int, some Encodable & Sendable)) async {
        defer { close(socket) }
        guard let request = await onThread({ read() }) else { return }
        let (status, value) = await answer(request)
        let body = (try? JSONEncoder().encode(value)) ?? Data()
        let head = """
            HTTP/1.1 \(status) \(status == 200 ? "OK" : "Error")\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        let bytes = Array(Data(head.utf8) + body)
        await onThread {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// Runs what blocks away from the threads that run tasks.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }

    /// Reads a request; nil if it is not one, or too long.
    private func read() -> Request? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let blank = Array("\r\n\r\n".utf8)
        var length: Int?
        while bytes.count < Self.limit {
            if length == nil, let end = bytes.firstRange(of: blank) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
                let field = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                let body = field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                guard (0...Self.limit).contains(body) else { return nil }
                length = end.upperBound + body
            }
            if let length, bytes.count >= length { return Self.request(bytes, blank) }
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk.prefix(count)
        }
        return nil
    }

    private static func request(_ bytes: [UInt8], _ blank: [UInt8]) -> Request? {
        guard let end = bytes.firstRange(of: blank) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let line = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard line.count == 3 else { return nil }
        return Request(
            method: String(line[0]),
            path: String(line[1]),
            body: String(decoding: bytes[end.upperBound...], as: UTF8.self)
        )
    }
}
