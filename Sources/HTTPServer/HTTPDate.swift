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
        let (year, month, day) = civilDate(daysSince1970: days)
        let weekday = weekdays[days.quotientAndRemainderFloored(by: 7).remainder]
        return "\(weekday), \(padded(day)) \(months[month - 1]) \(year) "
            + "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60)) GMT"
    }

    /// The Gregorian date of a day, by counting in eras of 400 years (146,097 days) that begin on 1 March, so that a
    /// leap day is the last of its year.
    private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFloored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int {
    /// Division that rounds down, so that the remainder is never negative for a positive divisor.
    fileprivate func quotientAndRemainderFloored(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
