import Domain
import Testing

@Suite struct RetryAfterTests {
    /// 2026-04-01T12:00:00Z.
    private static let now = Timestamp(seconds: 1_775_044_800)

    private func wait(_ text: String) -> Duration? { RetryAfter.wait(Array(text.utf8)[...], now: Self.now) }

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("00120", 120), ("3600", 3_600), ("86400", 86_400), ("86401", 86_400),
            ("1000000000000", 86_400), ("99999999999999999999999999999999999999", 86_400),
        ] as [(String, Int)])
    func secondsAreHonouredUpToADay(_ text: String, _ seconds: Int) {
        #expect(wait(text) == .seconds(seconds))
    }

    @Test(arguments: [
        "Wed, 01 Apr 2026 12:01:30 GMT", "Wednesday, 01-Apr-26 12:01:30 GMT", "Wed Apr  1 12:01:30 2026",
        "Fri, 01 Apr 2026 12:01:30 GMT", "Wed Apr 01 12:01:30 2026",
    ])
    func datesAreHonouredInEachForm(_ text: String) { #expect(wait(text) == .seconds(90)) }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Wed, 01 Apr 2026 12:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Wednesday, 01-Jan-77 00:00:00 GMT",
    ])
    func whatIsPastAsksForNoWait(_ text: String) { #expect(wait(text) == .zero) }

    @Test(arguments: [
        "Thu, 02 Apr 2026 12:00:01 GMT", "Fri, 31 Dec 9999 23:59:60 GMT", "Thursday, 31-Dec-76 23:59:59 GMT",
        "Thu Dec 31 23:59:60 2076",
    ])
    func datesFarAheadAskForADay(_ text: String) { #expect(wait(text) == RetryAfter.longest) }

    @Test(arguments: [
        "", " ", "-1", "+1", "1.5", "1 ", " 1", "1s", "0x10", "1e3", "12, 13", "soon", "Wed", "Wed,",
        "Wed, 01 Apr 2026",
        "Wed, 01 Apr 2026 12:01:30", "Wed, 01 Apr 2026 12:01:30 UTC", "Wed, 01 Apr 2026 12:01:30 gmt",
        "wed, 01 Apr 2026 12:01:30 GMT", "Wed, 01 apr 2026 12:01:30 GMT", "Wed, 1 Apr 2026 12:01:30 GMT",
        "Wed, 01 Apr 26 12:01:30 GMT", "Wed, 31 Apr 2026 12:01:30 GMT", "Wed, 00 Apr 2026 12:01:30 GMT",
        "Sun, 29 Feb 2026 12:01:30 GMT", "Wed, 01 Apr 2026 24:01:30 GMT", "Wed, 01 Apr 2026 12:60:30 GMT",
        "Wed, 01 Apr 2026 12:01:61 GMT", "Wed, 01 Apr 2026 12:01:30 GMT ", "Wed,  01 Apr 2026 12:01:30 GMT",
        "Wednesday, 01-Apr-2026 12:01:30 GMT", "Wednesdy, 01-Apr-26 12:01:30 GMT", "Monnesday, 01-Apr-26 12:01:30 GMT",
        "Wed, 01-Apr-26 12:01:30 GMT", "Wed Apr 1 12:01:30 2026", "Wed Apr  1 12:01:30 2026 GMT",
        "Wed Apr  1 12:01:30 26", "2026-04-01T12:01:30Z", "Wed, 01 Apr 2026 12:01:30 +0000",
    ])
    func whatCannotBeReadAsksForNothing(_ text: String) { #expect(wait(text) == nil) }

    /// RFC 9110: more than 50 years ahead is the last year past with those digits.
    @Test func twoDigitsOfAYearAreTheNearestThatAreNotTooFarAhead() {
        for digits in 0..<100 {
            let text = "Monday, 01-Jun-\(digits < 10 ? "0" : "")\(digits) 00:00:00 GMT"
            let moment = Timestamp(httpDate: Array(text.utf8)[...], now: Self.now)
            let year = String(decoding: moment!.rfc3339().prefix(4), as: UTF8.self)
            #expect(year == "\(digits <= 76 ? 2000 + digits : 1900 + digits)")
        }
    }

    /// Every moment of a long time comes back from each of the three forms.
    @Test func whatIsWrittenIsRead() {
        var random = SeededGenerator(seed: 11)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
        for _ in 0..<2_000 {
            // Years 1977 to 2076, so that two digits suffice.
            let moment = Timestamp(seconds: Int64.random(in: 220_924_800..<3_376_684_800, using: &random))
            let text = String(decoding: moment.rfc3339(.seconds), as: UTF8.self)
            let parts = text.split { "-T:Z".contains($0) }.map { String($0) }
            let (year, month, day) = (parts[0], months[Int(parts[1])! - 1], parts[2])
            let time = "\(parts[3]):\(parts[4]):\(parts[5])"
            let name = days[Int(moment.seconds / 86_400 % 7)]
            let padded = day.hasPrefix("0") ? " \(day.dropFirst())" : day
            for form in [
                "\(name.prefix(3)), \(day) \(month) \(year) \(time) GMT",
                "\(name), \(day)-\(month)-\(year.suffix(2)) \(time) GMT",
                "\(name.prefix(3)) \(month) \(padded) \(time) \(year)",
            ] {
                #expect(Timestamp(httpDate: Array(form.utf8)[...], now: Self.now) == moment, "\(form)")
            }
        }
    }

    /// No bytes ask for less than nothing or more than the longest, and none end the process.
    @Test func anyBytesAskForAWaitWithinItsBounds() {
        var random = SeededGenerator(seed: 12)
        let alphabet = Array("0123456789 ,:-+GMTWedAprSunNov\u{0}é".utf8)
        for _ in 0..<20_000 {
            let value = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            if let wait = RetryAfter.wait(value[...], now: Self.now) {
                #expect(wait >= .zero && wait <= RetryAfter.longest)
            }
        }
    }
}
