import Runtime
import Testing

@Suite struct IPBlockTests {
    private static func block(_ text: String) throws -> IPBlock { try IPBlock(text: text.utf8) }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.1", "192.0.2.1/32"), ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::/32", "2001:db8::/32"), ("2001:db8:0:0:0:0:0:1", "2001:db8::1/128"), ("::/0", "::/0"),
        ("fe80::/10", "fe80::/10"), ("2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::/65"),
        ("128.0.0.0/1", "128.0.0.0/1"),
    ])
    func textIsCanonical(row: (text: String, canonical: String)) throws {
        let block = try Self.block(row.text)
        #expect(block.description == row.canonical)
        #expect(try Self.block(block.description) == block)
    }

    @Test(arguments: [
        "", "/", "192.0.2.0/", "/24", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2/24",
        "192.0.2.0/24/8", "192.0.2.0 /24", "2001:db8::/129", "2001:db8::%1/64", "[::]/0", "192.0.2.0/2x", "example.com",
        "192.0.2.0/1000",
    ])
    func otherTextIsNoBlock(text: String) {
        #expect(throws: IPBlock.Malformed.text) { try Self.block(text) }
    }

    @Test(arguments: ["192.0.2.1/24", "128.0.0.0/0", "192.0.2.1/31", "2001:db8::1/64", "2001:db8::1/127", "::1/0"])
    func bitsAfterThePrefixAreRefused(text: String) {
        #expect(throws: IPBlock.Malformed.hostBits) { try Self.block(text) }
    }

    @Test(arguments: [
        ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0", "::ffff:192.0.2.1", "::1"]),
        ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::ffff:1.2.3.4"]),
        (
            "2001:db8::/33", ["2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"],
            ["2001:db8:8000::", "32.1.13.184"]
        ),
        ("2001:db8::/64", ["2001:db8::ffff:ffff:ffff:ffff"], ["2001:db8:0:1::"]),
        ("2001:db8::/96", ["2001:db8::ffff:ffff"], ["2001:db8::1:0:0"]),
        ("::1", ["::1"], ["::", "::2", "0.0.0.1"]), ("::/0", ["::", "ffff::ffff"], ["1.2.3.4"]),
    ])
    func itContainsItsAddressesAlone(row: (block: String, inside: [String], outside: [String])) throws {
        let block = try Self.block(row.block)
        for text in row.inside { #expect(block.contains(try #require(IPAddress(text: text.utf8))), "\(text)") }
        for text in row.outside { #expect(!block.contains(try #require(IPAddress(text: text.utf8))), "\(text)") }
    }

    @Test(arguments: [
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("::ffff:c000:201", "192.0.2.1/32"), ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"), ("::/95", "::/95"), ("192.0.2.0/24", "192.0.2.0/24"), ("2001:db8::/96", "2001:db8::/96"),
    ])
    func mappedBlocksAreIPv4(row: (text: String, unmapped: String)) throws {
        #expect(try Self.block(row.text).unmapped.description == row.unmapped)
    }

    @Test func mappedAddressesAreIPv4() throws {
        #expect(IPAddress(text: "::ffff:192.0.2.1".utf8)?.unmapped == IPAddress(text: "192.0.2.1".utf8))
        #expect(IPAddress(text: "::192.0.2.1".utf8)?.unmapped == IPAddress(text: "::192.0.2.1".utf8))
    }
}
