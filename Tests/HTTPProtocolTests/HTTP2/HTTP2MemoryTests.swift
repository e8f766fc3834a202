import CNghttp2
import Foundation
import HTTPTypes
import Testing

@testable import HTTPProtocol

@Suite("HTTP/2 when memory is short")
struct HTTP2MemoryTests {
    /// The number of allocations that still succeed, and the blocks that are allocated now.
    private final class Allocator {
        var left: Int
        var live = 0

        init(left: Int) {
            self.left = left
        }

        func mayAllocate() -> Bool {
            left -= 1
            return left >= 0
        }

        static func of(_ pointer: UnsafeMutableRawPointer?) -> Allocator? {
            pointer.map { Unmanaged<Allocator>.fromOpaque($0).takeUnretainedValue() }
        }

        /// An allocator for libnghttp2 that counts.
        var memory: nghttp2_mem {
            nghttp2_mem(
                mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
                malloc: { size, user in
                    guard let allocator = Allocator.of(user), allocator.mayAllocate() else { return nil }
                    allocator.live += 1
                    return malloc(size)
                },
                free: { pointer, user in
                    guard let pointer else { return }
                    Allocator.of(user)?.live -= 1
                    free(pointer)
                },
                calloc: { count, size, user in
                    guard let allocator = Allocator.of(user), allocator.mayAllocate() else { return nil }
                    allocator.live += 1
                    return calloc(count, size)
                },
                realloc: { pointer, size, user in
                    guard let allocator = Allocator.of(user), allocator.mayAllocate() else { return nil }
                    if pointer == nil { allocator.live += 1 }
                    return realloc(pointer, size)
                }
            )
        }
    }

    /// Does a whole exchange. Returns whether it was served to its end.
    private func exchange(_ allocator: Allocator) -> Bool {
        let connection = HTTP2Connection(
            limits: HTTPLimits(),
            ownAnswer: { status, _ in Response(status: .init(code: status), json: [1]) },
            memory: HTTP2Memory(allocator.memory)
        )
        var output: [UInt8] = []
        func settle() {
            while let event = connection.nextEvent() {
                guard case .request(_, let id) = event else { continue }
                connection.respond(HTTPResponse(status: .ok), body: [1, 2, 3], isComplete: id != 3, to: id)
                connection.appendBody([4], isComplete: true, to: id)
            }
            output += connection.takeOutput(atMost: 10_000)
        }
        var frames = HTTP2Frames.settings + HTTP2Frames.setting(4, 2) + HTTP2Frames.ping()
        frames += HTTP2Frames.headers(1) + HTTP2Frames.headers(3, HTTP2Frames.postFields, ends: false)
        frames += HTTP2Frames.data(3, [1, 2], ends: true) + HTTP2Frames.headers(5, [0x82, 0x86])
        frames += HTTP2Frames.windowUpdate(1, 100) + HTTP2Frames.windowUpdate(3, 100)
        for byte in frames {
            connection.receive([byte].span)
            settle()
        }
        connection.drain(isFinal: false)
        settle()
        connection.drain(isFinal: true)
        settle()
        settle()
        let answers = HTTP2Frames.parse(output).count { $0.type == 1 }
        // No request is left in work once the connection is finished, whatever failed.
        if connection.isFinished { #expect(connection.inFlight == 0) }
        return connection.isFinished && answers == 2
    }

    @Test("every allocation of the library may fail: no trap, and with enough memory all is served and freed")
    func failingAllocations() {
        let plenty = Allocator(left: .max)
        #expect(exchange(plenty))
        let needed = Int.max - plenty.left
        #expect(plenty.live == 0 && needed > 20)
        for left in 0..<needed {
            let isServed = exchange(Allocator(left: left))
            // The last allocations belong to the connection's end only.
            if left < needed / 2 { #expect(!isServed, "with \(left) allocations") }
        }
    }
}
