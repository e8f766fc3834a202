import Foundation
import Testing

@testable import Transport

@Suite struct SocketTests {
    @Test("bytes go through, and an empty socket says so")
    func bytes() throws {
        let pair = try SocketPair()
        var room = [UInt8](repeating: 0, count: 4)
        var span = room.mutableSpan
        #expect(pair.ours.receive(into: &span) == .nothingYet)
        #expect(pair.theirs.sendText("abcdef") == .bytes(6))
        #expect(pair.ours.receive(into: &span) == .bytes(4))
        #expect(pair.ours.receive(into: &span) == .bytes(2))
        #expect(room == Array("efcd".utf8))
    }

    @Test("the end of one direction is seen, and the other goes on")
    func halfClose() throws {
        let pair = try SocketPair()
        pair.theirs.finishSending()
        var room: [UInt8] = [0]
        var span = room.mutableSpan
        #expect(pair.ours.receive(into: &span) == .end)
        #expect(pair.ours.sendText("still") == .bytes(5))
        #expect(pair.theirs.receiveText() == "still")
    }

    @Test("a full socket takes no more, and a closed one fails without a signal")
    func fullAndClosed() throws {
        let pair = try SocketPair()
        let block = [UInt8](repeating: 7, count: 1 << 20)
        while case .bytes = pair.ours.send(block.span) {}
        #expect(pair.ours.send(block.span) == .nothingYet)

        var numbers: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers) == 0)
        let lone = Socket(Descriptor(owning: numbers[0]))
        close(numbers[1])
        #expect(lone.sendText("x") == .failed(EPIPE))
    }
}
