import Domain
import Testing

@Suite struct ExactDecimalTests {
    @Test(arguments: [
        ("0", "0"), ("0.0", "0"), ("10", "10"), ("10.00", "10"), ("0.250", "0.25"), ("1.01", "1.01"),
        ("0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        ("1234567890123456789.0123456789012345678", "1234567890123456789.0123456789012345678"),
        ("5.00000000000000000000000000000000000000000000", "5"),
    ])
    func plainTextIsRead(_ text: String, _ canonical: String) throws {
        #expect(try #require(ExactDecimal(text)).description == canonical)
    }

    @Test(arguments: [
        "", ".", ".5", "5.", "-1", "+1", "1e3", "01", "00", "1.2.3", " 1", "1 ", "1,5", "0x10", "NaN", "1_000", "٣",
        "100000000000000000000000000000000000000", "0.000000000000000000000000000000000000001",
        "1.00000000000000000000000000000000000001", "1.0x0",
    ])
    func everythingElseIsNot(_ text: String) { #expect(ExactDecimal(text) == nil) }

    @Test func valuesAreComparedExactly() throws {
        let ascending = try [
            "0", "0.00000000000000000000000000000000000001", "0.1", "0.10000000000000000000000000000000000001", "0.3",
            "0.9999999999999999999999999999999999999", "1", "1.0000000000000000000000000000000000001", "9.99", "10",
            "9007199254740992", "9007199254740992.1", "9007199254740993",
            "99999999999999999999999999999999999998.0", "99999999999999999999999999999999999999",
        ].map { try #require(ExactDecimal($0)) }
        for (left, smaller) in ascending.enumerated() {
            for (right, other) in ascending.enumerated() {
                #expect((smaller < other) == (left < right), "\(smaller) \(other)")
                #expect((smaller == other) == (left == right))
            }
        }
        #expect(ExactDecimal("1.50") == ExactDecimal("1.5") && ExactDecimal("0.00") == .zero)
    }

    @Test func itsTextIsReadBackAsItself() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let digits = Int.random(in: 1...38, using: &random)
            let scale = Int.random(in: 0...digits, using: &random)
            var text = (0..<digits).map { _ in "\(Int.random(in: 0...9, using: &random))" }
            if scale > 0 { text.insert(scale == digits ? "0." : ".", at: digits - scale) }
            guard let value = ExactDecimal(text.joined()) else {
                #expect(text[0] == "0", "\(text)")
                continue
            }
            #expect(ExactDecimal(text: value.text) == value)
        }
    }
}

/// The same numbers for the same seed, on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
