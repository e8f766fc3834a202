import Foundation

@testable import Transport

/// Two sockets joined to each other: one for the code under test, one for the test.
struct SocketPair: ~Copyable {
    let ours: Socket
    let theirs: Socket

    init() throws {
        var numbers: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &numbers) == 0 else {
            throw TransportError.system(operation: "socketpair", address: nil, code: errno)
        }
        ours = Socket(Descriptor(owning: numbers[0]))
        theirs = Socket(Descriptor(owning: numbers[1]))
    }
}

extension Socket {
    /// The bytes that can be read now, as text; nil when there are none.
    func receiveText() -> String? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        var span = buffer.mutableSpan
        guard case .bytes(let count) = receive(into: &span) else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    func sendText(_ text: String) -> Sent {
        send(Array(text.utf8).span)
    }
}
