/// The one date format HTTP writes (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days: StaticString = "ThuFriSatSunMonTueWed"
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    /// The whole `Date` line, line end included, for `seconds` since 1970.
    static func line(_ seconds: Int64) -> [UInt8] {
        let total = Int(max(0, seconds))
        let day = total / 86_400
        let time = total % 86_400
        let (year, month, dayOfMonth) = civil(day)
        var out: [UInt8] = []
        out.reserveCapacity(40)
        out.append("Date: ")
        out.append(abbreviation(days, day % 7))
        out.append(", ")
        out.appendTwoDigits(dayOfMonth)
        out.append(" ")
        out.append(abbreviation(months, month - 1))
        out.append(" ")
        out.appendDecimal(year)
        out.append(" ")
        out.appendTwoDigits(time / 3600)
        out.append(":")
        out.appendTwoDigits(time / 60 % 60)
        out.append(":")
        out.appendTwoDigits(time % 60)
        out.append(" GMT\r\n")
        return out
    }

    /// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar: eras of 400 years that begin on
    /// the first of March, so that the day that comes and goes is an era's last.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func abbreviation(_ names: StaticString, _ index: Int) -> [UInt8] {
        names.withUTF8Buffer { unsafe Array($0[index * 3..<index * 3 + 3]) }
    }
}

extension [UInt8] {
    fileprivate mutating func appendTwoDigits(_ number: Int) {
        append(ASCII.zero + UInt8(number / 10))
        append(ASCII.zero + UInt8(number % 10))
    }

    fileprivate mutating func append(_ name: [UInt8]) { append(contentsOf: name) }
}
