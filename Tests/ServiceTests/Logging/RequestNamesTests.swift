import Foundation
import Testing

@testable import Service

@Suite("A request's name")
struct RequestNamesTests {
    @Test(
        "is the client's where that is short and printable",
        arguments: ["a", "b9c0-1f", String(repeating: "x", count: 128)]
    )
    func adopted(text: String) {
        #expect(RequestID(adopting: text)?.text == text)
    }

    @Test(
        "is not the client's where it could hide in the log or fill it",
        arguments: [
            "", "a b", "a\tb", "a\nb", "é", String(repeating: "x", count: 129), "\u{7F}",
        ]
    )
    func refused(text: String) {
        #expect(RequestID(adopting: text) == nil)
    }

    @Test("is another for each request")
    func unique() {
        #expect(Set((0..<1000).map { _ in RequestID().text }).count == 1000)
        #expect(RequestID().text.utf8.count == 32)
    }

    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    @Test(
        "carries the trace that a well-formed traceparent names",
        arguments: [
            "00-\(trace)-b7ad6b7169203331-01", "00-\(trace)-b7ad6b7169203331-00",
            "cc-\(trace)-b7ad6b7169203331-01-more",
        ]
    )
    func traceParent(text: String) {
        #expect(TraceParent(text)?.text == text)
        #expect(TraceParent(text)?.traceID == Self.trace[...])
    }

    @Test(
        "carries no trace where traceparent is malformed",
        arguments: [
            "", "00", "ff-\(trace)-b7ad6b7169203331-01", "00-\(trace)-b7ad6b7169203331-01-more",
            "00-\(trace.uppercased())-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-\(trace)-0000000000000000-01", "00-\(trace)-b7ad6b7169203331-0", "00-\(trace)-b7ad6b716920333-011",
            "00-\(trace)-b7ad6b7169203331-01, 00-\(trace)-b7ad6b7169203331-01", "cc-\(trace)-b7ad6b7169203331-01more",
        ]
    )
    func malformed(text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test(
        "stands beside a time in UTC, to the millisecond",
        arguments: [
            (0.0, "1970-01-01T00:00:00.000Z"), (951_827_696.789, "2000-02-29T12:34:56.789Z"),
            (1_798_761_599.9995, "2026-12-31T23:59:59.999Z"), (-0.5, "1969-12-31T23:59:59.500Z"),
        ]
    )
    func timestamp(seconds: Double, text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}
