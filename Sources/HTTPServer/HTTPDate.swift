import Foundation

/// The `Date` field's value (RFC 9110, 5.6.7: IMF-fixdate), made once a second.
///
/// Owner: the loop's thread.
struct HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsPerDay = 86_400

    /// The second that `text` is for.
    private(set) var second = -1
    private var text = ""

    /// The present second as text.
    mutating func now() -> String {
        let present = Int(time(nil))
        if present != second {
            second = present
            text = Self.format(secondsSince1970: present)
        }
        return text
    }

    /// "Sun, 06 Nov 1994 08:49:37 GMT", without a locale or a calendar to go wrong.
    static func format(secondsSince1970 seconds: Int) -> String {
        let (days, rest) = seconds.quotientAndRemainderFloored(by: secondsPerDay)
        let date = CivilDate(daysSince1970: days)
        let weekday = weekdays[days.quotientAndRemainderFloored(by: 7).remainder]
        return "\(weekday), \(padded(date.day)) \(months[date.month - 1]) \(date.year) "
            + "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60)) GMT"
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
