import Domain
import Testing

@Suite struct ColorTests {
    private func color(_ text: String) throws -> Color { try #require(Color(text: Array(text.utf8))) }

    @Test func aColourHasOneSpelling() throws {
        #expect(try color("#1F6FeB").text == Array("#1f6feb".utf8))
        #expect(try color("#1F6FeB") == Color(red: 0x1F, green: 0x6F, blue: 0xEB))
        for red in UInt8.min...UInt8.max {
            let made = Color(red: red, green: ~red, blue: red &* 7)
            #expect(Color(text: made.text) == made)
        }
    }

    @Test(arguments: [
        "", "#", "#fff", "1f6feb", "#1f6fe", "#1f6feb0", "#1f6feg", "# 1f6fe", "red", "#-1f6fe", "＃1f6fe",
    ])
    func othersAreNone(_ text: String) { #expect(Color(text: Array(text.utf8)) == nil) }

    /// Ratios that WebAIM's contrast checker gives, and the two ends.
    @Test(arguments: [
        ("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54), ("#0000ff", "#ffffff", 8.59), ("#ff0000", "#ffffff", 4.0),
        ("#00ff00", "#ffffff", 1.37), ("#ff0000", "#000000", 5.25), ("#808080", "#000000", 5.32),
    ])
    func contrastIsThatOfTheStandard(_ one: String, _ other: String, _ ratio: Double) throws {
        let (left, right) = (try color(one), try color(other))
        #expect(abs(left.contrast(with: right) - ratio) < 0.005)
        #expect(left.contrast(with: right) == right.contrast(with: left))
    }

    @Test func luminanceGrowsWithEveryStep() {
        let greys = (UInt8.min...UInt8.max).map { Color(red: $0, green: $0, blue: $0).relativeLuminance }
        #expect(greys.first == 0 && abs((greys.last ?? 0) - 1) < 1e-12)
        #expect(zip(greys, greys.dropFirst()).allSatisfy { $0 < $1 })
        // The definition's exponent, checked by what undoes it: the fifth power of x^2.4 is x^12.
        for component in UInt8(11)...UInt8.max {
            let luminance = Color(red: component, green: component, blue: component).relativeLuminance
            let base = (Double(component) / 255 + 0.055) / 1.055
            let twelfth = (0..<12).reduce(1.0) { product, _ in product * base }
            let fifth = (0..<5).reduce(1.0) { product, _ in product * luminance }
            #expect(abs(fifth / twelfth - 1) < 1e-9)
        }
    }

    @Test func warningsNameThePairsThatDoNotSuffice() throws {
        var style = LinkStyle()
        #expect(style.isEmpty && style.warnings.isEmpty)
        style.primaryColor = try color("#777777")
        #expect(style.warnings.isEmpty)
        style.primaryTextColor = try color("#ffffff")
        style.secondaryColor = try color("#767676")
        style.secondaryTextColor = try color("#ffffff")
        #expect(style.warnings.map(\.pair) == [.primary])
        #expect(style.warnings.map(\.ratioText) == [Array("4.47".utf8)])
    }
}
