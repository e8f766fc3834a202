import Foundation

/// The value of the `Date` field (RFC 9110, 5.6.7: IMF-fixdate), made once a second.
///
/// Owner: the loop's thread.
struct HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsPerDay = 86_400

    /// The second for which `text` was made.
    private(set) var second = -1
    private var text = ""

    /// The text for the current second.
    mutating func now() -> String {
        let present = Int(time(nil))
        if present != second {
            second = present
            text = Self.format(secondsSince1970: present)
        }
        return text
    }

    /// "Sun, 06 Nov 1994 08:49:37 GMT", independent of locale and calendar.
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

/// A day of the Gregorian calendar, independent of locale and time zone.
package struct CivilDate: Sendable, Equatable {
    /// The year, 1970 for instance.
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// The date of a day. It counts in eras of 400 years (146,097 days) that begin on 1 March, so that a leap day is
    /// the last day of its year.
    package init(daysSince1970 days: Int) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFloored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}

extension Int {
    /// Division that rounds down, so that the remainder is never negative for a positive divisor.
    package func quotientAndRemainderFloored(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
