import Foundation
import HTTPProtocol
import Testing

@testable import HTTPServer

@Suite struct HTTPDateTests {
    @Test(
        "known instants have their IMF-fixdate",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ]
    )
    func known(seconds: Int, text: String) {
        #expect(HTTPDate.format(secondsSince1970: seconds) == text)
    }

    @Test("every day of 800 years agrees with Foundation's calendar")
    func calendar() throws {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for day in stride(from: 0, to: 292_194, by: 13) {
            let seconds = day * 86_400 + 12_345
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            try #require(HTTPDate.format(secondsSince1970: seconds) == expected)
        }
    }

    @Test("the current date is the clock's")
    func present() throws {
        var date = HTTPDate()
        let before = Int(time(nil))
        let text = date.now()
        let after = Int(time(nil))
        #expect((before...after).map(HTTPDate.format(secondsSince1970:)).contains(text))
    }
}
