import Foundation

/// A descriptor that is passed over a unix socket, and that tells when no process has it open any more.
final class PassedDescriptor {
    /// The other end of the passed socket. It reads the end once the passed one is closed everywhere.
    private let watched: Int32
    private let passed: Int32

    init() throws {
        var numbers: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &numbers) == 0 else { throw RawClientError.cannotConnect(errno) }
        watched = numbers[0]
        passed = numbers[1]
    }

    deinit {
        close(watched)
    }

    /// Sends bytes and the descriptor over a unix socket, once, and closes the descriptor here. Returns whether all was
    /// sent.
    func send(_ text: String, over number: Int32) -> Bool {
        defer { close(passed) }
        var bytes = Array(text.utf8)
        // A cmsghdr: its length of 20 bytes as a 64-bit number, the level and the kind; then the descriptor, padded.
        var control: [Int32] = [20, 0, Int32(SOL_SOCKET), Int32(SCM_RIGHTS), passed, 0]
        let wanted = bytes.count
        let count = bytes.withUnsafeMutableBytes { (bytes: UnsafeMutableRawBufferPointer) -> Int in
            control.withUnsafeMutableBytes { (control: UnsafeMutableRawBufferPointer) -> Int in
                var place = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &place) { (place: UnsafeMutablePointer<iovec>) -> Int in
                    var message = msghdr()
                    message.msg_iov = place
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    return sendmsg(number, &message, Int32(MSG_NOSIGNAL))
                }
            }
        }
        return count == wanted
    }

    /// Waits until the descriptor is closed everywhere. Returns false when that takes too long.
    func isGone() -> Bool {
        var poller = pollfd(fd: watched, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, 5_000) == 1 else { return false }
        var byte: UInt8 = 0
        return recv(watched, &byte, 1, 0) == 0
    }
}
