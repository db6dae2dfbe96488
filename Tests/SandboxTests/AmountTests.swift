import JSON
import Testing

@testable import Sandbox

@Suite struct AmountTests {
    private func amount(_ json: String) -> Amount? {
        (try? JSONDocument.parse(Array(json.utf8)))?.root.number.flatMap { Amount($0) }
    }

    private func text(_ amount: Amount?) -> String? { amount.map { String(decoding: $0.text, as: UTF8.self) } }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("0.00", "0"), ("1", "1"), ("1.50", "1.5"), ("100.00", "100"), ("2.5e-2", "0.025"),
        ("1e18", "1000000000000000000"), ("0.004786046226555188", "0.004786046226555188"),
        ("0.000000000000000001", "0.000000000000000001"), ("0.0000000000000000019", "0.000000000000000001"),
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"), ("1e-19", "0"),
    ])
    func keepsWhatIsWritten(json: String, expected: String) { #expect(text(amount(json)) == expected) }

    @Test(arguments: [
        "-1", "-0.5", "1000000000000000001", "1e18000", "1e400", "99999999999999999999999999999999999999999",
    ])
    func refusesWhatIsNegativeOrTooLarge(json: String) { #expect(amount(json) == nil) }

    @Test func refusesTextThatIsNoDecimal() {
        for text in ["", "1.2.3", "x", "1 ", "+1"] { #expect(Amount(plain: Array(text.utf8)) == nil, "\(text)") }
    }

    @Test func takesARatioRoundedDown() throws {
        let third = try #require(amount("0.333333333333333333"))
        #expect(text(Amount(whole: 10).times(ratio: third)) == "3.33333333333333333")
        #expect(text(Amount.largest.times(ratio: Amount(whole: 1))) == "1000000000000000000")
        #expect(text(Amount(units: 1).times(ratio: third)) == "0")
    }

    @Test func dividesByAPriceRoundedDown() throws {
        #expect(text(Amount(whole: 100).divided(by: Amount(whole: 3_500))) == "0.028571428571428571")
        #expect(text(Amount(whole: 50).divided(by: Amount(whole: 1))) == "50")
        #expect(Amount.largest.divided(by: Amount(units: 1)) == .largest)
    }

    @Test func neverGoesBelowZero() {
        #expect(Amount(whole: 1).less(Amount(whole: 2)) == .zero)
        #expect(Amount(whole: 3).less(Amount(whole: 2)) == Amount(whole: 1))
    }
}
