/// Moments as HTTP writes them (RFC 9110, section 5.6.7): one form that is to be written, and two old ones that are to
/// be read. All are UTC, have fixed names in English, and tell upper from lower case.
extension Timestamp {
    /// The moment of an HTTP-date, or nil if the bytes are none. `now` places the two digits of an RFC 850 year.
    ///
    /// The name of the day says nothing that the date does not: it must be a day's, and need not be the right one. A
    /// leap second is the second after it.
    package init?(httpDate text: ArraySlice<UInt8>, now: Timestamp) {
        var reader = HTTPDateReader(digits: DigitReader(rest: text), now: now)
        guard let moment = reader.moment() else { return nil }
        self = moment
    }
}

private struct HTTPDateReader {
    var digits: DigitReader
    let now: Timestamp

    private static let months: [String] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days: [String] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    /// What an RFC 850 date has after the first three letters of each day.
    private static let dayEnds: [String] = ["day", "sday", "nesday", "rsday", "day", "urday", "day"]

    mutating func moment() -> Timestamp? {
        guard let day = name(of: HTTPDateReader.days) else { return nil }
        if digits.skip(",") { return current() }
        if digits.skip(" ") { return asctime() }
        guard name(of: [HTTPDateReader.dayEnds[day]]) != nil, digits.skip(",") else { return nil }
        return rfc850()
    }

    /// ` 06 Nov 1994 08:49:37 GMT`, after `Sun,`.
    private mutating func current() -> Timestamp? {
        guard digits.skip(" "), let day = digits.number(2), digits.skip(" "),
            let month = name(of: HTTPDateReader.months), digits.skip(" "), let year = digits.number(4),
            digits.skip(" "), let second = timeOfDay(), endsInGMT()
        else { return nil }
        return HTTPDateReader.timestamp(year, month + 1, day, second)
    }

    /// ` 06-Nov-94 08:49:37 GMT`, after `Sunday,`.
    private mutating func rfc850() -> Timestamp? {
        guard digits.skip(" "), let day = digits.number(2), digits.skip("-"),
            let month = name(of: HTTPDateReader.months), digits.skip("-"), let shortYear = digits.number(2),
            digits.skip(" "), let second = timeOfDay(), endsInGMT()
        else { return nil }
        // More than 50 years ahead means the last year that was that ended in these digits.
        let thisYear = CivilDate.date(daysSince1970: now.seconds.flooredDivision(by: 86_400).quotient).year
        var year = thisYear - thisYear.flooredDivision(by: 100).remainder + shortYear
        if year > thisYear + 50 { year -= 100 }
        if year < thisYear - 49 { year += 100 }
        return HTTPDateReader.timestamp(year, month + 1, day, second)
    }

    /// `Nov  6 08:49:37 1994`, after `Sun `.
    private mutating func asctime() -> Timestamp? {
        guard let month = name(of: HTTPDateReader.months), digits.skip(" "),
            let day = digits.skip(" ") ? digits.number(1) : digits.number(2), digits.skip(" "),
            let second = timeOfDay(), digits.skip(" "), let year = digits.number(4), digits.rest.isEmpty
        else { return nil }
        return HTTPDateReader.timestamp(year, month + 1, day, second)
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hour = digits.number(2), digits.skip(":"), let minute = digits.number(2), digits.skip(":"),
            let second = digits.number(2), hour <= 23, minute <= 59, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private mutating func endsInGMT() -> Bool { name(of: [" GMT"]) != nil && digits.rest.isEmpty }

    /// Takes the name that comes next off, and says which it is.
    private mutating func name(of names: [String]) -> Int? {
        for (index, name) in names.enumerated() {
            guard digits.rest.starts(with: name.utf8) else { continue }
            digits.rest = digits.rest.dropFirst(name.utf8.count)
            return index
        }
        return nil
    }

    private static func timestamp(_ year: Int64, _ month: Int, _ day: Int64, _ second: Int64) -> Timestamp? {
        guard day >= 1, day <= CivilDate.daysIn(Int64(month), of: year) else { return nil }
        return Timestamp(seconds: CivilDate.daysSince1970(year, Int64(month), day) * 86_400 + second)
    }
}
