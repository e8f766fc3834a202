import Foundation
import HTTPServer

/// The time of a log line: RFC 3339 in UTC, to the millisecond, as "2026-01-31T09:05:07.012Z".
enum Timestamp {
    /// Foundation's styles take as long as all the rest of an access log line.
    static func append(_ date: Date, to bytes: inout [UInt8]) {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let (seconds, fraction) = milliseconds.quotientAndRemainderFloored(by: 1000)
        let (days, rest) = seconds.quotientAndRemainderFloored(by: 86_400)
        let day = CivilDate(daysSince1970: days)
        append(day.year, width: 4, to: &bytes)
        for (separator, number) in [
            ("-", day.month), ("-", day.day), ("T", rest / 3600), (":", rest / 60 % 60), (":", rest % 60),
        ] as [(Unicode.Scalar, Int)] {
            bytes.append(UInt8(ascii: separator))
            append(number, width: 2, to: &bytes)
        }
        bytes.append(UInt8(ascii: "."))
        append(fraction, width: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    static func text(_ date: Date) -> String {
        var bytes: [UInt8] = []
        append(date, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
