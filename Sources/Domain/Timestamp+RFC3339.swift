/// Moments as text: RFC 3339, section 5.6. Written in UTC with `Z`; read with any offset.
extension Timestamp {
    /// How many digits of a second are written.
    package enum Precision: Sendable {
        case seconds
        case milliseconds
        case microseconds
    }

    /// `2026-04-01T12:34:56.789012Z`. RFC 3339 has years 0000 to 9999 alone: a moment outside is written as the nearest
    /// inside.
    package func rfc3339(_ precision: Precision = .microseconds) -> [UInt8] {
        let moment = min(max(microseconds, Timestamp.firstWritable), Timestamp.lastWritable)
        let (seconds, fraction) = moment.flooredDivision(by: 1_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let (year, month, day) = CivilDate.date(daysSince1970: days)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        text.append(decimal: year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.append(decimal: secondOfDay / 3_600, width: 2)
        text.append(UInt8(ascii: ":"))
        text.append(decimal: secondOfDay / 60 % 60, width: 2)
        text.append(UInt8(ascii: ":"))
        text.append(decimal: secondOfDay % 60, width: 2)
        switch precision {
        case .seconds: break
        case .milliseconds:
            text.append(UInt8(ascii: "."))
            text.append(decimal: fraction / 1_000, width: 3)
        case .microseconds:
            text.append(UInt8(ascii: "."))
            text.append(decimal: fraction, width: 6)
        }
        text.append(UInt8(ascii: "Z"))
        return text
    }

    /// The moment of a `date-time`, or nil if the bytes are not exactly one.
    ///
    /// Digits behind the microsecond are cut off; more than nine are refused. A leap second (`23:59:60` UTC) is the
    /// second after it.
    package init?(rfc3339 text: [UInt8]) { self.init(rfc3339: text[...]) }

    /// As above, for a slice.
    package init?(rfc3339 text: ArraySlice<UInt8>) {
        var reader = DigitReader(rest: text)
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("T", or: "t"), let hour = reader.number(2), reader.skip(":"),
            let minute = reader.number(2), reader.skip(":"), let second = reader.number(2),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.rest.isEmpty
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month, of: year), hour <= 23, minute <= 59,
            second <= 60
        else { return nil }
        let days = CivilDate.daysSince1970(year, month, day)
        let wholeMinutes = days * 1_440 + hour * 60 + minute - offset
        if second == 60, wholeMinutes.flooredDivision(by: 1_440).remainder != 1_439 { return nil }
        self.init(microseconds: (wholeMinutes * 60 + second) * 1_000_000 + fraction)
    }

    /// 0000-01-01T00:00:00Z and the last microsecond of 9999.
    private static let firstWritable: Int64 = -62_167_219_200_000_000
    private static let lastWritable: Int64 = 253_402_300_799_999_999
}

/// The proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`: eras of 400 years that start in March, so that
/// the leap day comes last).
private enum CivilDate {
    static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads the fields of a date-time from the front.
private struct DigitReader {
    var rest: ArraySlice<UInt8>

    mutating func number(_ width: Int) -> Int64? {
        guard rest.count >= width else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(width) {
            guard let digit = DigitReader.digit(byte) else { return nil }
            value = value * 10 + digit
        }
        rest = rest.dropFirst(width)
        return value
    }

    mutating func skip(_ byte: Unicode.Scalar, or other: Unicode.Scalar? = nil) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: byte) || other.map({ first == UInt8(ascii: $0) }) == true
        else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// The microseconds of an optional fraction; nil for a dot without one to nine digits.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        let digits = rest.prefix { DigitReader.digit($0) != nil }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        var value: Int64 = 0
        for place in 0..<6 {
            let index = digits.startIndex + place
            value = value * 10 + (index < digits.endIndex ? DigitReader.digit(digits[index]) ?? 0 : 0)
        }
        return value
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z", or: "z") { return 0 }
        let isWest = rest.first == UInt8(ascii: "-")
        guard skip("+", or: "-"), let hours = number(2), skip(":"), let minutes = number(2), hours <= 23, minutes <= 59
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        let value = byte &- UInt8(ascii: "0")
        return value <= 9 ? Int64(value) : nil
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension [UInt8] {
    fileprivate mutating func append(decimal value: Int64, width: Int) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
