import Runtime
import Testing

/// Address text: one spelling is read, one is written.
@Suite struct IPAddressTests {
    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("0:0:0:0:0:0:0:0", "::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func iPv6TextIsCanonical(row: (text: String, canonical: String)) throws {
        let address = try #require(IPAddress(ipv6Text: row.text.utf8))
        #expect(address.description == row.canonical)
        #expect(IPAddress(ipv6Text: address.description.utf8) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        "g::1",
        "12345::", "::1%lo", "::1.2.3", "::1.2.3.04", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::8:9",
        "[::1]",
        "::1 ", "::+1",
    ])
    func otherTextIsNoIPv6Address(text: String) { #expect(IPAddress(ipv6Text: text.utf8) == nil) }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.", ".1.2.3", "1.2.3.a", "1..2.3", "+1.2.3.4",
        "1.2.3.0001",
    ])
    func otherTextIsNoIPv4Address(text: String) { #expect(IPAddress(ipv4Text: text.utf8) == nil) }

    @Test func bytesGiveTheSameAddressAsText() {
        #expect(IPAddress(bytes: [127, 0, 0, 1]) == IPAddress(ipv4Text: "127.0.0.1".utf8))
        #expect(IPAddress(bytes: Array(repeating: 0, count: 15) + [1]) == IPAddress(ipv6Text: "::1".utf8))
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }
}
