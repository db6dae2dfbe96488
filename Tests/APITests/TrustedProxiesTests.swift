import API
import Runtime
import Testing

@Suite struct TrustedProxiesTests {
    private static let proxies = ["10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.1"]

    private static func caller(_ peer: String, _ lines: [String], trusting: [String] = proxies) throws -> String? {
        let trusted = TrustedProxies(try trusting.map { try IPBlock(text: $0.utf8) })
        return trusted.caller(
            peer: try #require(IPAddress(text: peer.utf8)), forwardedFor: lines.map { Array($0.utf8)[...] }
        ).map(\.description)
    }

    @Test func aClientsOwnHeaderNeverCounts() throws {
        #expect(try Self.caller("198.51.100.1", ["203.0.113.9"]) == "198.51.100.1")
        #expect(try Self.caller("10.0.0.1", ["203.0.113.9"], trusting: []) == "10.0.0.1")
        #expect(try Self.caller("11.0.0.0", ["203.0.113.9"]) == "11.0.0.0")
    }

    @Test(arguments: [
        (["203.0.113.9"], "203.0.113.9"), ([" 203.0.113.9\t"], "203.0.113.9"),
        (["1.1.1.1, 203.0.113.9"], "203.0.113.9"), (["1.1.1.1, 203.0.113.9, 10.2.3.4,2001:db8::7"], "203.0.113.9"),
        (["garbage, 203.0.113.9"], "203.0.113.9"), ([",203.0.113.9"], "203.0.113.9"),
        (["1.1.1.1", "203.0.113.9", "10.9.9.9"], "203.0.113.9"), (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, ::ffff:10.0.0.7, 192.0.2.1"], "203.0.113.9"), (["2001:DB9::A"], "2001:db9::a"),
    ])
    func theLastThatIsNoProxyCalls(row: (lines: [String], caller: String)) throws {
        #expect(try Self.caller("10.0.0.1", row.lines) == row.caller)
    }

    @Test(arguments: [
        [], [""], ["10.0.0.2"], ["10.0.0.2, 2001:db8::1"], ["203.0.113.9,"], ["203.0.113.9, unknown"],
        ["203.0.113.9:443"], ["[2001:db9::a]"], ["203.0.113.9 1"], ["203.0.113.9", ""], ["203.0.113.999"],
        ["for=203.0.113.9"],
    ])
    func whatCannotBeReadIsNobody(lines: [String]) throws {
        #expect(try Self.caller("10.0.0.1", lines) == nil)
    }
}
