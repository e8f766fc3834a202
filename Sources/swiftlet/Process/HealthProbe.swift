import Foundation
import JSON
import ModelFiles
import TLS

/// Sends one small GET over a blocking socket, with TLS if needed. It does without Foundation's client, which would
/// make the program some megabytes larger.
struct HealthProbe {
    /// The address to which the request goes.
    struct Target: Equatable {
        var host: String
        var port: UInt16
        var path: String
        var isSecure: Bool

        /// Parses `http[s]://host[:port][/path]`; nil for anything else.
        init?(url text: String) {
            guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
                ["http", "https"].contains(scheme), let host = url.host(), !host.isEmpty,
                let port = UInt16(exactly: url.port ?? (scheme == "https" ? 443 : 80))
            else { return nil }
            isSecure = scheme == "https"
            self.host = host.begins(with: "[") ? String(host.dropFirst().dropLast()) : host
            self.port = port
            let path = url.path(percentEncoded: true)
            self.path = path.isEmpty || path == "/" ? "/health" : path
        }
    }

    /// The first line of an answer must end within this many bytes.
    private static let maxStatusLineBytes = 1024

    /// Most seconds for the connection, and for each step after it.
    let timeout: Int
    /// File of trusted certificates (PEM); nil: the system's certificates, and any certificate from this machine
    /// itself.
    let trustFile: String?

    /// The first line of the answer: `HTTP/1.1 200 OK`.
    ///
    /// - Throws: `unhealthy` if there is no answer.
    func statusLine(of target: Target) throws(CommandError) -> String {
        let socket = try connect(to: target)
        let connection = FileHandle(fileDescriptor: socket, closeOnDealloc: true)
        defer { withExtendedLifetime(connection) {} }
        let host = target.host.holds(":") ? "[\(target.host)]" : target.host
        let request =
            "GET \(target.path) HTTP/1.1\r\nHost: \(host):\(target.port)\r\nConnection: close\r\n"
            + "User-Agent: swiftlet-health\r\n\r\n"
        let answer: [UInt8]
        if target.isSecure {
            answer = try exchange(Array(request.utf8), over: secureSession(over: socket, to: target))
        } else {
            do {
                try connection.write(contentsOf: Data(request.utf8))
                answer = try connection.read(upToCount: Self.maxStatusLineBytes).map(Array.init) ?? []
            } catch {
                throw .unhealthy("\(host):\(target.port) does not answer")
            }
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard let line = text.pieces(separatedBy: "\r", most: 1).first, line.begins(with: "HTTP/1.") else {
            throw .unhealthy("\(host):\(target.port) does not answer as an HTTP server does")
        }
        return String(line)
    }

    private func secureSession(over socket: Int32, to target: Target) throws(CommandError) -> TLSSession {
        let isLocal = target.host == "localhost" || target.host == "::1" || target.host.begins(with: "127.")
        let trust: TLSTrust = trustFile.map { .file($0) } ?? (isLocal ? .anyone : .system)
        let context: TLSContext
        do {
            context = try .client(trusting: trust)
        } catch {
            throw .unhealthy("\(error)")
        }
        guard let session = TLSSession(context: context, descriptor: socket, serverName: target.host) else {
            throw .unhealthy("TLS cannot be set up for \(target.host)")
        }
        switch session.handshake() {
        case .done: return session
        case .blocked: throw .unhealthy("\(target.host):\(target.port) does not answer")
        case .end: throw .unhealthy("\(target.host):\(target.port) closed the connection before TLS was set up")
        case .failed(let reason): throw .unhealthy("\(target.host):\(target.port): TLS: \(reason)")
        }
    }

    /// The first bytes of the answer to a request; none if it takes too long.
    private func exchange(_ request: [UInt8], over session: TLSSession) -> [UInt8] {
        guard session.send(request.span) == .bytes(request.count) else { return [] }
        var buffer = [UInt8](repeating: 0, count: Self.maxStatusLineBytes)
        var room = buffer.mutableSpan
        guard case .bytes(let count) = session.receive(into: &room) else { return [] }
        return Array(buffer[..<count])
    }

    /// A connected socket with time limits on reading and writing (and, on Linux, on connecting).
    private func connect(to target: Target) throws(CommandError) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Self.streamType
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(target.host, String(target.port), &hints, &list)
        guard result == 0 else { throw .unhealthy("\(target.host): no such host") }
        defer { unsafe freeaddrinfo(list) }
        var failure = ECONNREFUSED
        var entry = unsafe list
        while let address = unsafe entry?.pointee {
            let socket = unsafe socket(address.ai_family, address.ai_socktype, address.ai_protocol)
            if socket >= 0 {
                var limit = timeval(tv_sec: timeout, tv_usec: 0)
                let size = socklen_t(MemoryLayout<timeval>.size)
                _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
                _ = unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
                if unsafe systemConnect(socket, address.ai_addr, address.ai_addrlen) == 0 { return socket }
                failure = errno
                close(socket)
            } else {
                failure = errno
            }
            unsafe entry = address.ai_next
        }
        throw .unhealthy("\(target.host):\(target.port): \(SystemError.text(failure))")
    }

    #if canImport(Glibc)
    private static let streamType = Int32(SOCK_STREAM.rawValue)
    #else
    private static let streamType = SOCK_STREAM
    #endif
}

/// Calls connect(2). Inside ``HealthProbe``, the type's own method hides that name.
private func systemConnect(_ socket: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> Int32 {
    unsafe connect(socket, address, length)
}
