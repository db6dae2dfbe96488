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
