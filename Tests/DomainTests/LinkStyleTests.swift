import Domain
import Testing

@Suite struct LinkStyleTests {
    @Test(arguments: [
        ("0", 0, "0"), ("1", 100, "1"), ("0.6", 60, "0.6"), ("0.60", 60, "0.6"), ("0.05", 5, "0.05"),
        ("1.00", 100, "1"),
        ("0.99", 99, "0.99"), ("0.0", 0, "0"),
    ])
    func anOpacityHasOneSpelling(_ text: String, _ hundredths: Int, _ canonical: String) throws {
        let opacity = try #require(Opacity(text: Array(text.utf8)))
        #expect(opacity.hundredths == hundredths && opacity.text == Array(canonical.utf8))
    }

    @Test(arguments: ["", ".", "0.", ".5", "1.01", "2", "-0", "0.123", "00", "0,5", "1e0", "0.5 ", "10", "0.a"])
    func othersAreNoOpacity(_ text: String) { #expect(Opacity(text: Array(text.utf8)) == nil) }
}

@Suite struct WebOriginTests {
    @Test(arguments: [
        ("https://shop.example", "https://shop.example", false),
        ("HTTPS://Shop.Example", "https://shop.example", false),
        ("https://shop.example:443", "https://shop.example", false),
        ("https://shop.example:8443", "https://shop.example:8443", false),
        ("https://*.shop.example", "https://*.shop.example", false),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", false),
        ("http://localhost:3000", "http://localhost:3000", true), ("http://localhost", "http://localhost", true),
        ("http://localhost:80", "http://localhost", true), ("http://127.0.0.1:5173", "http://127.0.0.1:5173", true),
        ("http://localhost:443", "http://localhost:443", true),
    ])
    func originsAreCanonical(_ text: String, _ canonical: String, _ isForSandboxAlone: Bool) throws {
        let origin = try #require(WebOrigin(text: Array(text.utf8)))
        #expect(origin.text == Array(canonical.utf8) && origin.isForSandboxAlone == isForSandboxAlone)
        #expect(WebOrigin(text: origin.text) == origin)
    }

    @Test(arguments: [
        "", "shop.example", "http://shop.example", "https://", "https://shop", "https://*", "https://*.example",
        "https://*.*.shop.example", "https://a*.shop.example", "https://shop.*.example", "https://shop.example/",
        "https://shop.example/path", "https://shop.example?a", "https://shop.example#a", "https://u@shop.example",
        "https://u:p@shop.example", "https://shop.example:", "https://shop.example:0", "https://shop.example:65536",
        "https://shop.example:080", "https://shop.example:8a", "https://192.168.1.1", "https://1.2", "https://[::1]",
        "https://shop..example", "https://shop.example.", "https://-shop.example", "https://shop-.example",
        "https://b\u{fc}cher.example", "https://shop_1.example", "https://shop.example ", " https://shop.example",
        "https://localhost:3000", "http://localhost.example", "http://127.0.0.2", "http://*.localhost", "null",
        "javascript://shop.example", "https://shop.example:443:443", "https://shop%2eexample.com",
        "https://\(String(repeating: "a", count: 64)).example",
    ])
    func othersAreNone(_ text: String) { #expect(WebOrigin(text: Array(text.utf8)) == nil) }
}
