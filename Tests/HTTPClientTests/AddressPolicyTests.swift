import HTTPClient
import Runtime
import Testing

/// Every special-purpose block of the internet, written down a second time as text and checked at its edges.
@Suite struct AddressPolicyTests {
    private static let blocks4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
        "192.0.0.8/32", "192.0.0.170/31", "233.252.0.0/24",
    ]
    private static let blocks6 = [
        "::/128", "::1/128", "::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
        "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48",
        "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16",
        "2620:4f:8000::/48", "3fff::/20", "4000::/3", "5f00::/16", "6000::/3", "8000::/3", "a000::/3", "c000::/3",
        "e000::/4", "f000::/5", "f800::/6", "fc00::/7", "fe00::/9", "fe80::/10", "fec0::/10", "ff00::/8",
    ]

    private static func edges4(_ text: String) throws -> [IPAddress] {
        let parts = text.split(separator: "/")
        guard case .v4(let network)? = IPAddress(ipv4Text: parts[0].utf8) else { throw TargetURLError.numericHost }
        let host = UInt32.max >> UInt32(try #require(Int(parts[1])))
        let random = RandomSource.seeded(UInt64(network))
        return [network, network | host, network | UInt32(truncatingIfNeeded: random.next()) & host].map { .v4($0) }
    }

    private static func edges6(_ text: String) throws -> [IPAddress] {
        let parts = text.split(separator: "/")
        guard case .v6(let high, let low)? = IPAddress(ipv6Text: parts[0].utf8) else {
            throw TargetURLError.numericHost
        }
        let length = try #require(Int(parts[1]))
        let hosts = (UInt64.max >> UInt64(length), length <= 64 ? UInt64.max : UInt64.max >> UInt64(length - 64))
        let source = RandomSource.seeded(high)
        let random = (source.next(), source.next())
        return [
            .v6(high: high, low: low), .v6(high: high | hosts.0, low: low | hosts.1),
            .v6(high: high | (random.0 & hosts.0), low: low | (random.1 & hosts.1)),
        ]
    }

    @Test(arguments: blocks4) func noAddressOfASpecialIPv4BlockIsAdmittedInAnyForm(block: String) throws {
        for address in try AddressPolicyTests.edges4(block) {
            #expect(AddressPolicy.publicOnly.objection(to: address) != nil, "\(address)")
            guard case .v4(let value) = address else { continue }
            let low = UInt64(value)
            let embeddings: [IPAddress] = [
                .v6(high: 0, low: 0xffff_0000_0000 | low), .v6(high: 0, low: low),
                .v6(high: 0x64_ff9b_0000_0000, low: low), .v6(high: 0x64_ff9b_0001_0000, low: low),
                .v6(high: 0x2002_0000_0000_0000 | low << 16, low: 1),
                .v6(high: 0x2001_0000_0000_0000, low: ~low & 0xffff_ffff),
                .v6(high: 0, low: 0xffff_0000_0000_0000 | low),
                // ISATAP, in somebody's own network.
                .v6(high: 0x2a00_1450_4001_0800, low: 0x0000_5efe_0000_0000 | low),
                .v6(high: 0x2a00_1450_4001_0800, low: 0x0200_5efe_0000_0000 | low),
            ]
            for embedding in embeddings {
                #expect(AddressPolicy.publicOnly.objection(to: embedding) != nil, "\(embedding)")
            }
        }
    }

    @Test(arguments: blocks6) func noAddressOfASpecialIPv6BlockIsAdmitted(block: String) throws {
        for address in try AddressPolicyTests.edges6(block) {
            #expect(AddressPolicy.publicOnly.objection(to: address) != nil, "\(address)")
        }
    }

    @Test func theNeighboursOfTheBlocksAreAdmitted() throws {
        let v4 = [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8",
        ]
        for text in v4 {
            let address = try #require(IPAddress(ipv4Text: text.utf8))
            #expect(AddressPolicy.publicOnly.objection(to: address) == nil, "\(text)")
        }
        for text in [
            "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::", "2001:db9::", "2003::1", "2606:4700::1111",
        ] {
            let address = try #require(IPAddress(ipv6Text: text.utf8))
            #expect(AddressPolicy.publicOnly.objection(to: address) == nil, "\(text)")
        }
    }

    @Test func oneBadAddressRefusesAll() {
        let good = IPAddress.v4(0x0808_0808)
        let bad = IPAddress.v4(0x7f00_0001)
        #expect(AddressPolicy.publicOnly.admits(all: [good, good]))
        #expect(!AddressPolicy.publicOnly.admits(all: [good, bad]))
        #expect(!AddressPolicy.publicOnly.admits(all: [bad, good]))
        #expect(!AddressPolicy.publicOnly.admits(all: []))
    }

    @Test func developmentReachesPrivateAddressesButNotTheCloudsOwn() throws {
        let policy = AddressPolicy.allowPrivate
        for text in ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8"] {
            let address = try #require(IPAddress(ipv4Text: text.utf8))
            #expect(policy.objection(to: address) == nil, "\(text)")
        }
        for text in ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255"] {
            let address = try #require(IPAddress(ipv4Text: text.utf8))
            #expect(policy.objection(to: address) != nil, "\(text)")
        }
        for text in ["::1", "fd00::1", "::ffff:127.0.0.1"] {
            let address = try #require(IPAddress(ipv6Text: text.utf8))
            #expect(policy.objection(to: address) == nil, "\(text)")
        }
        for text in ["::ffff:169.254.169.254", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "::"] {
            let address = try #require(IPAddress(ipv6Text: text.utf8))
            #expect(policy.objection(to: address) != nil, "\(text)")
        }
    }

    @Test func publicTargetsAreHTTPSOnListedPorts() throws {
        func objection(_ text: String, _ policy: AddressPolicy) throws -> AddressPolicy.URLObjection? {
            policy.objection(to: try TargetURL(text.utf8, options: .development))
        }
        #expect(try objection("https://example.com/", .publicOnly) == nil)
        #expect(try objection("http://example.com/", .publicOnly) == .notHTTPS)
        for port in [22, 25, 80, 444, 5432, 6379, 8443, 9200, 65535] {
            #expect(try objection("https://example.com:\(port)/", .publicOnly) == .port)
        }
        #expect(try objection("https://example.com:8443/", .publicOnly(ports: [443, 8443])) == nil)
        #expect(try objection("https://example.com/", .publicOnly(ports: [8443])) == .port)
        #expect(try objection("https://8.8.8.8/", .publicOnly) == .addressLiteral)
        #expect(try objection("http://127.0.0.1:99/", .allowPrivate) == nil)
        #expect(try objection("http://169.254.169.254/", .allowPrivate) == .address)
    }
}
