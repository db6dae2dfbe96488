import Domain
import Testing

@Suite struct DeceptiveTextTests {
    @Test(arguments: [
        "Acme Payments GmbH", "Café Größe & Söhne", "株式会社メッシュ", "ООО Ромашка", "Ελληνική Τράπεζα", "Shop™ №1",
        "بنك القاهرة", "सुरक्षा", "Acme ООО", "O'Neill-Smith 24/7", "한국은행", "Ω Capital", "naïve — “quoted”", "Shop 🛍",
    ])
    func honestNamesPass(_ name: String) {
        #expect(DeceptiveText.find(inName: Array(name.utf8)) == nil)
    }

    @Test(arguments: [
        ("Ac\u{202E}em", DeceptiveText.Kind.invisible), ("Ac\u{200B}me", .invisible), ("\u{FEFF}Acme", .invisible),
        ("Ac\u{2066}me", .invisible), ("Acme\u{2028}", .invisible), ("Ac\u{AD}me", .invisible),
        ("\u{E0041}", .invisible),
        ("Acme\u{E000}", .invisible), ("Acme\u{FFFF}", .invisible), ("Ｐaypal", .disguised), ("𝐀cme", .disguised),
        ("Ⓐcme", .disguised), ("ℙay", .disguised), ("Pаypal", .mixedScripts), ("Αcme", .mixedScripts),
        ("shоp-24", .mixedScripts), ("pay-pаl", .mixedScripts),
    ])
    func deceptiveNamesAreFound(_ name: String, _ kind: DeceptiveText.Kind) {
        #expect(DeceptiveText.find(inName: Array(name.utf8)) == kind)
    }

    @Test func reorderedTextIsFound() {
        #expect(!DeceptiveText.isReordered(Array("Pаypal Ｐ בנק 👩‍🚀".utf8)))
        #expect(DeceptiveText.isReordered(Array("a\u{202E}b".utf8)))
        #expect(DeceptiveText.isReordered(Array("a\u{2067}b".utf8)))
    }
}
