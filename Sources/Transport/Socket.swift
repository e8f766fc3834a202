import CLinux
import Foundation

/// A connected, non-blocking stream socket with one owner.
package struct Socket: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// What one read brought.
    package enum Received: Equatable {
        /// So many bytes, at least one, at the buffer's start.
        case bytes(Int)
        /// Nothing now; readiness will be reported.
        case nothingYet
        /// The peer has finished sending.
        case end
        /// The connection is lost: the errno.
        case failed(Int32)
    }

    /// What one write took.
    package enum Sent: Equatable {
        /// So many bytes, at least one.
        case bytes(Int)
        /// The socket's buffer is full; readiness will be reported.
        case nothingYet
        /// The connection is lost: the errno.
        case failed(Int32)
    }

    /// What waits to be read first.
    package enum Peeked: Equatable {
        /// The first byte, which stays where it is.
        case byte(UInt8)
        /// Nothing now; readiness will be reported.
        case nothingYet
        /// The peer has finished sending.
        case end
        /// The connection is lost: the errno.
        case failed(Int32)
    }

    /// Takes over a connected socket's descriptor.
    package init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// The descriptor's number, for a reactor to watch while this socket lives.
    package var number: Int32 { descriptor.number }

    /// The address of the other end without its port, "unix" for a unix socket; nil when it has gone.
    package var peerAddress: String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.maxAddressBytes) { text in
            guard unsafe clinux_peer_address(descriptor.number, text.baseAddress, text.count) == 0 else { return nil }
            return unsafe text.baseAddress.map { unsafe String(cString: $0) }
        }
    }

    /// An IPv6 address as text and its end (INET6_ADDRSTRLEN).
    private static let maxAddressBytes = 46

    /// Reads what is there, at most the buffer's length.
    package func receive(into buffer: inout MutableSpan<UInt8>) -> Received {
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe clinux_receive(descriptor.number, $0.baseAddress, $0.count)
        }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        return Self.isTransient(count) ? .nothingYet : .failed(Int32(-count))
    }

    /// Looks at the first byte that waits.
    package func peek() -> Peeked {
        let result = clinux_peek(descriptor.number)
        if result == CLINUX_NO_BYTE { return .end }
        if result >= 0 { return .byte(UInt8(truncatingIfNeeded: result)) }
        return Self.isTransient(Int(result)) ? .nothingYet : .failed(-result)
    }

    /// Writes as many of the bytes as the socket takes; `bytes` must not be empty.
    package func send(_ bytes: Span<UInt8>) -> Sent {
        let count = unsafe bytes.withUnsafeBufferPointer {
            unsafe clinux_send(descriptor.number, $0.baseAddress, $0.count)
        }
        if count >= 0 { return .bytes(count) }
        return Self.isTransient(count) ? .nothingYet : .failed(Int32(-count))
    }

    /// Tells the peer that nothing more comes. What was written before is still delivered.
    package func finishSending() {
        // It fails only where the peer has gone, which the next read reports.
        _ = clinux_shutdown_write(descriptor.number)
    }

    /// Makes the close drop what the peer has not taken, and tell it by a reset.
    package func resetOnClose() {
        _ = clinux_reset_on_close(descriptor.number)
    }

    /// Memory the kernel lacks for a moment (ENOBUFS) is waited for like a full buffer.
    private static func isTransient(_ result: Int) -> Bool {
        result == -Int(EAGAIN) || result == -Int(EWOULDBLOCK) || result == -Int(ENOBUFS)
    }
}
