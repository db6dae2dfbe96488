import JSON
import Testing

/// Numbers, exact.
struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try #require(try JSONDocument.parse(Array("[\(text)]".utf8)).root.elements.first { _ in true }?.number)
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("42", 42), ("1720532648", 1_720_532_648),
        ("1715175519038", 1_715_175_519_038), ("9007199254740993", 9_007_199_254_740_993),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("-9223372036854775807", -Int64.max),
    ])
    func integersThatFitAreExact(_ text: String, _ value: Int64) throws {
        #expect(try number(text).integer == value)
        #expect(try number(text).isInteger)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "18446744073709551616", "92233720368547758070",
        "99999999999999999999999999999999999999", "1.0", "1e2", "0.5", "-0.0", "1E0", "10e-1",
    ])
    func whatIsNoIntegerOrDoesNotFitHasNoInteger(_ text: String) throws {
        #expect(try number(text).integer == nil)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("0.0", "0"), ("-0.000", "0"), ("0e999999999", "0"),
        ("-0E-999999999999999999999", "0"),
        ("1", "1"), ("-1", "-1"), ("10", "10"), ("100", "100"), ("1200", "1200"), ("1.0", "1"), ("1.10", "1.1"),
        ("-1.500", "-1.5"), ("10.01", "10.01"), ("0.1", "0.1"), ("0.10", "0.1"), ("0.001", "0.001"), ("-0.05", "-0.05"),
        ("1e2", "100"), ("1E+2", "100"), ("1.5e2", "150"), ("1.50e2", "150"), ("1.555e2", "155.5"), ("15e-1", "1.5"),
        ("15e-2", "0.15"), ("15e-3", "0.015"), ("100e-2", "1"), ("0.001e3", "1"), ("0.0012e2", "0.12"),
        ("0.0012e3", "1.2"), ("0.00120e5", "120"), ("123.456e78", "123456" + String(repeating: "0", count: 75)),
        ("1e-0", "1"), ("1e+0000000000000000000000002", "100"), ("0.004786046226555188", "0.004786046226555188"),
        ("1e-18", "0.000000000000000001"), ("9007199254740993", "9007199254740993"),
        ("0.30000000000000004", "0.30000000000000004"),
        (
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        ),
    ])
    func canonicalDecimalIsPlainAndSaysTheSame(_ text: String, _ expected: String) throws {
        #expect(try number(text).canonicalDecimal == expected)
        #expect(try number(text).canonicalDecimalBytes == Array(expected.utf8))
    }

    @Test(arguments: [
        "1e999999999", "1e-999999999", "-1e99999999999999999999999999999999999999", "1e-99999999999999999999999999999",
        "1e128", "1e-128", "0.1e129", "12345e124", "1.5e-127",
    ])
    func absurdExponentsHaveNoPlainSpelling(_ text: String) throws {
        #expect(try number(text).canonicalDecimal == nil)
    }

    @Test func plainSpellingEndsAtOneHundredAndTwentyEightDigits() throws {
        #expect(try number("1e127").canonicalDecimal == "1" + String(repeating: "0", count: 127))
        #expect(try number("1e-127").canonicalDecimal == "0." + String(repeating: "0", count: 126) + "1")
        #expect(try number("-" + String(repeating: "9", count: 127)).canonicalDecimal?.utf8.count == 128)
        #expect(try number(String(repeating: "9", count: 128)).canonicalDecimal?.utf8.count == 128)
    }

    /// The plain spelling of a plain spelling is itself, and shifting the exponent back and forth changes nothing.
    @Test func canonicalDecimalIsAFixedPoint() throws {
        var source = RandomDocument(seed: 11)
        for _ in 0..<2_000 {
            let digits = String(source.below(1_000_000_000))
            let shift = source.below(40)
            let fraction = String(repeating: "0", count: source.below(3)) + String(source.below(100_000))
            let plain = try #require(try number("\(digits).\(fraction)").canonicalDecimal)
            #expect(try number(plain).canonicalDecimal == plain)
            let up = try #require(try number("\(plain)e\(shift)").canonicalDecimal)
            #expect(try number("\(up)e-\(shift)").canonicalDecimal == plain)
            let down = try #require(try number("\(plain)e-\(shift)").canonicalDecimal)
            #expect(try number("\(down)E+\(shift)").canonicalDecimal == plain)
        }
    }

    @Test func rawIsWhatWasWritten() throws {
        for text in ["-0", "1.10", "1E+05", "0.0", "123456789012345678901234567890"] {
            #expect(try Array(number(text).raw) == Array(text.utf8))
        }
    }
}
