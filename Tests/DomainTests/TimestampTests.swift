import Domain
import Foundation
import Testing

struct TimestampTests {
    private func text(_ moment: Timestamp, _ precision: Timestamp.Precision = .microseconds) -> String {
        String(decoding: moment.rfc3339(precision), as: UTF8.self)
    }

    private func parse(_ text: String) -> Timestamp? { Timestamp(rfc3339: Array(text.utf8)) }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_775_046_896_789_012, "2026-04-01T12:34:56.789012Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func momentsHaveOneTextAndComeBack(microseconds: Int64, expected: String) {
        let moment = Timestamp(microseconds: microseconds)
        #expect(text(moment) == expected)
        #expect(parse(expected) == moment)
    }

    @Test func fewerDigitsCutOffTowardsThePast() {
        let moment = Timestamp(microseconds: 1_999_999)
        #expect(text(moment, .milliseconds) == "1970-01-01T00:00:01.999Z")
        #expect(text(moment, .seconds) == "1970-01-01T00:00:01Z")
        #expect(text(Timestamp(microseconds: -1), .seconds) == "1969-12-31T23:59:59Z")
    }

    @Test func momentsThatHaveNoTextAreWrittenAsTheNearest() {
        #expect(text(Timestamp(microseconds: .max)) == "9999-12-31T23:59:59.999999Z")
        #expect(text(Timestamp(microseconds: .min)) == "0000-01-01T00:00:00.000000Z")
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01T00:00:00.1Z", 100_000),
            ("1970-01-01T00:00:00.0000019Z", 1), ("1970-01-01T00:00:00.123456789Z", 123_456),
            ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T19:00:00-05:00", 0), ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01T00:00:00+00:01", -60_000_000), ("1969-12-31T00:01:00-23:59", 0),
            ("1985-04-12T23:20:50.52Z", 482_196_050_520_000), ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
            ("1990-12-31T23:59:60Z", 662_688_000_000_000), ("1990-12-31T15:59:60-08:00", 662_688_000_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ] as [(String, Int64)])
    func everyFormOfTheGrammarIsRead(text: String, microseconds: Int64) {
        #expect(parse(text) == Timestamp(microseconds: microseconds))
    }

    @Test(arguments: [
        "", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00 Z", "1970-01-01 00:00:00Z",
        "1970-01-01T00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00,5Z", "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+01", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60",
        "1970-00-01T00:00:00Z", "1970-13-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z",
        "1970-04-31T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "1970-01-01T23:59:61Z", "1970-01-01T00:00:00ZZ",
        "1970-01-01T00:00:00Z ", " 1970-01-01T00:00:00Z", "+970-01-01T00:00:00Z", "-970-01-01T00:00:00Z",
        "1970-1-01T00:00:00Z", "19700101T000000Z", "1970-01-01T00:00:00Z\0", "\u{ff11}970-01-01T00:00:00Z",
        "1970-01-01T+1:00:00Z", "10000-01-01T00:00:00Z",
    ])
    func anythingElseIsRefused(text: String) { #expect(parse(text) == nil) }

    /// The C library's calendar as the second opinion.
    @Test func randomMomentsAgreeWithTheSystemsCalendar() {
        var random = SeededGenerator(seed: 25)
        for _ in 0..<5_000 {
            let seconds = Int64.random(in: -62_167_219_200..<253_402_300_800, using: &random)
            var time = time_t(seconds)
            var fields = unsafe tm()
            unsafe gmtime_r(&time, &fields)
            let expected = unsafe String(
                format: "%04d-%02d-%02dT%02d:%02d:%02dZ", fields.tm_year + 1_900, fields.tm_mon + 1, fields.tm_mday,
                fields.tm_hour, fields.tm_min, fields.tm_sec)
            let moment = Timestamp(seconds: seconds)
            #expect(text(moment, .seconds) == expected)
            #expect(parse(expected) == moment)
        }
    }

    @Test func aSliceIsReadLikeAnArray() {
        let line = Array("at 1970-01-01T00:00:01Z.".utf8)
        #expect(Timestamp(rfc3339: line[3..<23]) == Timestamp(seconds: 1))
    }
}
