import Foundation
import Testing

@testable import Host

#if os(Linux)

@Suite("The pages of the program and its libraries")
struct ProgramPagesTests {
    @Test("are no longer mapped once they are released, and have the same content when they are touched again")
    func released() throws {
        // A function of the mathematics library, which hardly any code here calls.
        guard let program = unsafe dlopen(nil, RTLD_NOW), let code = unsafe dlsym(program, "y1") else {
            Issue.record("the program has no library of mathematics")
            return
        }
        defer { unsafe dlclose(program) }
        let address = UInt(bitPattern: code)
        let before = unsafe code.load(as: UInt8.self)
        #expect(try isMapped(address))
        // In between, another thread may touch a page next to it, so that the page is mapped again.
        let goes = try (0..<50).contains { _ in
            ProgramPages.release()
            return try !isMapped(address)
        }
        #expect(goes)
        let after = unsafe code.load(as: UInt8.self)
        #expect(after == before)
        #expect(try isMapped(address))
    }

    /// Bit 63 of the page's entry in /proc/self/pagemap (proc(5)).
    private func isMapped(_ address: UInt) throws -> Bool {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/pagemap"))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(address) / UInt64(sysconf(Int32(_SC_PAGESIZE))) * 8)
        let entry = try #require(try file.read(upToCount: 8))
        return entry.count == 8 && entry[7] & 0x80 != 0
    }
}
#endif
