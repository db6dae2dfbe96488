import Domain
import Testing

@Suite struct CountryCodeTests {
    @Test func theAssignedCodesAreThere() {
        #expect(CountryCode.all.count == 249)
        for text in ["DE", "US", "GB", "AX", "SS", "ZW"] { #expect(CountryCode(text)?.description == text) }
    }

    /// Withdrawn, reserved, made for users, of another form.
    @Test(arguments: ["UK", "EU", "AN", "SU", "XX", "XK", "ZZ", "AA", "de", "D", "DEU", "", "D1", "Ⅾ"])
    func othersAreNone(_ text: String) { #expect(CountryCode(text) == nil) }
}
