import CLinux
import Foundation

/// A connected, non-blocking stream socket with one owner.
package struct Socket: ~Copyable, Sendable {
    private let descriptor: Descriptor
    /// Whether the kernel may note when bytes arrive: on TCP, but not on unix sockets.
    package let isStamped: Bool

    /// The result of one read.
    package enum Received: Equatable {
        /// The number of bytes, at least one, that are now at the buffer's start.
        case bytes(Int)
        /// No bytes are here now; readiness will be reported.
        case nothingYet
        /// The peer has finished sending.
        case end
        /// The connection is lost; the errno.
        case failed(Int32)
    }

    /// The result of one write.
    package enum Sent: Equatable {
        /// The number of bytes taken, at least one.
        case bytes(Int)
        /// The socket's buffer is full; readiness will be reported.
        case nothingYet
        /// The connection is lost; the errno.
        case failed(Int32)
    }

    /// The result of looking at the first byte that waits.
    package enum Peeked: Equatable {
        /// The first byte. It still waits to be read.
        case byte(UInt8)
        /// No bytes are here now; readiness will be reported.
        case nothingYet
        /// The peer has finished sending.
        case end
        /// The connection is lost; the errno.
        case failed(Int32)
    }

    /// Takes over a connected socket's descriptor.
    ///
    /// - Parameter isStamped: Whether the kernel may note when bytes arrive. False for unix sockets.
    package init(_ descriptor: consuming Descriptor, isStamped: Bool = false) {
        self.descriptor = descriptor
        self.isStamped = isStamped
    }

    /// The descriptor's number, for a reactor to watch while this socket lives.
    package var number: Int32 { descriptor.number }

    /// The peer's address without its port, "unix" for a unix socket; nil once the peer has gone.
    package var peerAddress: String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.maxAddressBytes) { text in
            guard unsafe clinux_peer_address(descriptor.number, text.baseAddress, text.count) == 0 else { return nil }
            return unsafe text.baseAddress.map { unsafe String(cString: $0) }
        }
    }

    /// The bytes of an IPv6 address as text with its terminator (INET6_ADDRSTRLEN).
    private static let maxAddressBytes = 46

    /// Reads the bytes that wait, at most the buffer's length.
    package func receive(into buffer: inout MutableSpan<UInt8>) -> Received {
        Self.received(
            unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe clinux_receive(descriptor.number, $0.baseAddress, $0.count)
            }
        )
    }

    /// As ``receive(into:)``, but at most `limit` bytes, and tells when they arrived.
    ///
    /// A read that asks for stamps would also receive the descriptors that a local client passes. So a socket without
    /// stamps is read by the plain call, with which the kernel closes them.
    package func receive(
        into buffer: inout MutableSpan<UInt8>,
        atMost limit: Int,
        stamp: inout ArrivalStamp
    ) -> Received {
        var nanoseconds: Int64 = 0
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            let count = min($0.count, limit)
            return isStamped
                ? unsafe clinux_receive_stamped(descriptor.number, $0.baseAddress, count, &nanoseconds)
                : unsafe clinux_receive(descriptor.number, $0.baseAddress, count)
        }
        stamp = ArrivalStamp(nanoseconds: nanoseconds)
        return Self.received(count)
    }

    /// Looks at the first byte that waits, without reading it.
    package func peek() -> Peeked {
        let result = clinux_peek(descriptor.number)
        if result == CLINUX_NO_BYTE { return .end }
        if result >= 0 { return .byte(UInt8(truncatingIfNeeded: result)) }
        return Self.isTransient(Int(result)) ? .nothingYet : .failed(-result)
    }

    /// Writes as many of the bytes as the socket takes. `bytes` must not be empty.
    package func send(_ bytes: Span<UInt8>) -> Sent {
        let count = unsafe bytes.withUnsafeBufferPointer {
            unsafe clinux_send(descriptor.number, $0.baseAddress, $0.count)
        }
        if count >= 0 { return .bytes(count) }
        return Self.isTransient(count) ? .nothingYet : .failed(Int32(-count))
    }

    /// Tells the peer that no more bytes follow. Bytes written before are still delivered.
    package func finishSending() {
        // The call fails only if the peer has disconnected, and the next read reports that.
        _ = clinux_shutdown_write(descriptor.number)
    }

    /// Makes a later close drop all unsent bytes and reset the connection.
    package func resetOnClose() {
        _ = clinux_reset_on_close(descriptor.number)
    }

    private static func received(_ count: Int) -> Received {
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        return isTransient(count) ? .nothingYet : .failed(Int32(-count))
    }

    /// Whether the call may succeed later. A temporary lack of kernel memory (ENOBUFS) is treated like a full buffer.
    private static func isTransient(_ result: Int) -> Bool {
        result == -Int(EAGAIN) || result == -Int(EWOULDBLOCK) || result == -Int(ENOBUFS)
    }
}
