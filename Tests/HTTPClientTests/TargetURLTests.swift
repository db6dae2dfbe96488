import HTTPClient
import Testing

/// The URL grammar: every spelling that has fooled a URL reader is refused with the rule it breaks.
@Suite struct TargetURLTests {
    private static let good: [(text: String, canonical: String)] = [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.Com/A/b", "https://example.com/A/b"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("https://example.com:8443/x?y=%2f&z", "https://example.com:8443/x?y=%2f&z"),
        ("http://a-b.c1.example.org:80?q", "http://a-b.c1.example.org/?q"),
        ("https://xn--bcher-kva.example/a/../b//", "https://xn--bcher-kva.example/a/../b//"),
        ("https://hooks.example.xn--p1ai/~!$&'()*+,;=:@-._", "https://hooks.example.xn--p1ai/~!$&'()*+,;=:@-._"),
        ("https://1.example.com:65535/", "https://1.example.com:65535/"),
        ("https://example.com/@user:pw?a=b?c/d", "https://example.com/@user:pw?a=b?c/d"),
    ]

    @Test(arguments: good) func aGoodURLHasOneCanonicalText(row: (text: String, canonical: String)) throws {
        let url = try TargetURL(row.text.utf8)
        #expect(url.asciiText == row.canonical)
        #expect(try TargetURL(url.asciiText.utf8) == url)
    }

    private static let bad: [(text: String, rule: TargetURLError)] = [
        // Scheme
        ("", .scheme), ("example.com", .scheme), ("//example.com", .scheme), ("https:example.com", .scheme),
        ("https:/example.com", .scheme), ("https:///example.com", .emptyHost), ("ftp://example.com", .scheme),
        ("file:///etc/passwd", .scheme), ("gopher://example.com", .scheme), ("javascript:alert(1)", .scheme),
        ("httpss://example.com", .scheme), ("http+unix://example.com", .scheme), ("data:,x", .scheme),
        // Bytes
        (" https://example.com", .forbiddenByte), ("https://example.com ", .forbiddenByte),
        ("https://example.com\r\nX: y", .forbiddenByte), ("https://example.com/\n", .forbiddenByte),
        ("https://example.com/\t", .forbiddenByte), ("https://exa\0mple.com", .forbiddenByte),
        ("https:\\\\example.com", .forbiddenByte), ("https://example.com\\@evil.com", .forbiddenByte),
        ("https://b\u{fc}cher.example", .forbiddenByte), ("https://\u{ff11}\u{ff12}\u{ff17}.0.0.1", .forbiddenByte),
        ("https://\u{2460}\u{2461}\u{2466}.0.0.1", .forbiddenByte), ("https://127\u{3002}0.0.1", .forbiddenByte),
        ("https://\u{212a}.example.com", .forbiddenByte), ("https://example.com/\u{7f}", .forbiddenByte),
        // User information
        ("https://user@example.com", .userInformation), ("https://user:pw@example.com", .userInformation),
        ("https://@example.com", .userInformation), ("https://127.0.0.1@example.com", .userInformation),
        ("https://example.com:80@evil.com", .userInformation), ("https://a@b@example.com", .userInformation),
        // Host
        ("https://", .emptyHost), ("https://:443/", .emptyHost), ("https://?x", .emptyHost), ("https:///", .emptyHost),
        ("https://example.com.", .trailingDot), ("https://127.0.0.1.", .trailingDot),
        ("https://.example.com", .emptyLabel), ("https://example..com", .emptyLabel), ("https://.", .emptyLabel),
        ("https://-a.example.com", .hostByte), ("https://a-.example.com", .hostByte),
        ("https://a_b.example.com", .hostByte), ("https://%31%32%37.0.0.1/", .hostByte),
        ("https://127.0.0.1%00.example.com/", .hostByte), ("https://exam%70le.com", .hostByte),
        ("https://a,b.example.com", .hostByte), ("https://a*.example.com", .hostByte),
        ("https://ex<ample.com", .hostByte), ("https://example.com;evil", .hostByte),
        ("https://localhost", .notPublicName), ("https://intranet/", .notPublicName),
        ("https://example.c", .notPublicName), ("https://example.c0m", .notPublicName),
        ("https://example.xn--", .hostByte), ("https://a.b-c", .notPublicName),
        // Numeric hosts
        ("http://2130706433", .numericHost), ("http://0x7f000001", .numericHost), ("http://017700000001", .numericHost),
        ("http://127.1", .numericHost), ("http://127.0.1", .numericHost), ("http://0177.0.0.1", .numericHost),
        ("http://0x7f.1", .numericHost), ("http://0x7f.0.0.1", .numericHost), ("http://127.0.0.01", .numericHost),
        ("http://127.0.0.0x1", .numericHost), ("http://0", .numericHost), ("http://00", .numericHost),
        ("http://1.2.3", .numericHost), ("http://1.2.3.4.5", .numericHost), ("http://256.1.1.1", .numericHost),
        ("http://999999999999", .numericHost), ("http://0x", .numericHost), ("http://169.254.43518", .numericHost),
        ("http://0xa9fea9fe", .numericHost), ("http://025177524776", .numericHost), ("http://example.1", .numericHost),
        ("http://example.0x1", .numericHost), ("http://1.1.1.256", .numericHost), ("http://0300.0250.1", .numericHost),
        // Literals
        ("http://127.0.0.1", .addressLiteral), ("https://8.8.8.8/", .addressLiteral),
        ("http://[::1]/", .addressLiteral), ("http://[::ffff:127.0.0.1]:80/", .addressLiteral),
        ("https://[2606:4700::1]", .addressLiteral), ("http://0.0.0.0", .addressLiteral),
        ("http://[::1", .malformedLiteral), ("http://[]", .malformedLiteral), ("http://[::1]x", .malformedLiteral),
        ("http://[fe80::1%25eth0]", .malformedLiteral), ("http://[127.0.0.1]/", .malformedLiteral),
        ("http://[::1]]", .malformedLiteral), ("http://[1:2:3:4:5:6:7]", .malformedLiteral),
        ("http://[::1::2]", .malformedLiteral), ("http://[v1.fe80::a]", .malformedLiteral), ("http://::1/", .emptyHost),
        // Port
        ("https://example.com:", .port), ("https://example.com:0", .port), ("https://example.com:65536", .port),
        ("https://example.com:+443", .port), ("https://example.com:-1", .port), ("https://example.com:0443", .port),
        ("https://example.com:4a", .port), ("https://example.com:123456", .port),
        ("https://example.com:443:443", .port),
        ("https://example.com:99999", .port), ("https://example.com:%34", .port),
        // Path
        ("https://example.com/#f", .fragment), ("https://example.com#", .fragment),
        ("https://example.com?#", .fragment),
        ("https://example.com#@evil.com", .fragment), ("https://example.com/%", .percentEncoding),
        ("https://example.com/%2", .percentEncoding), ("https://example.com/%2g", .percentEncoding),
        ("https://example.com/%+f", .percentEncoding), ("https://example.com/?%", .percentEncoding),
        ("https://example.com/<", .pathByte), ("https://example.com/\"", .pathByte),
        ("https://example.com/{x}", .pathByte),
        ("https://example.com/[x]", .pathByte), ("https://example.com/a|b", .pathByte),
        ("https://example.com/^", .pathByte),
        ("https://example.com/`", .pathByte), ("https://example.com/?a[]=1", .pathByte),
    ]

    @Test(arguments: bad) func aBadURLIsRefusedWithTheRuleItBreaks(row: (text: String, rule: TargetURLError)) {
        #expect(throws: row.rule) { try TargetURL(row.text.utf8) }
    }

    @Test func everyByteOutsideTheGrammarIsRefusedEverywhere() {
        for byte in UInt8.min...UInt8.max {
            let isVisible = (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "\\")
            for place in 0...24 where !isVisible {
                var bytes = Array("https://example.com/path".utf8)
                bytes.insert(byte, at: place)
                #expect(throws: TargetURLError.forbiddenByte) { try TargetURL(bytes) }
            }
        }
    }

    @Test func lengthLimitsHoldToTheByte() throws {
        let label = String(repeating: "a", count: 63)
        let longest = "\(label).\(label).\(label).\(String(repeating: "b", count: 57)).com"
        #expect(longest.utf8.count == 253)
        _ = try TargetURL("https://\(longest)/".utf8)
        #expect(throws: TargetURLError.hostTooLong) { try TargetURL("https://a.\(longest)/".utf8) }
        #expect(throws: TargetURLError.hostTooLong) { try TargetURL("https://\(longest)m/".utf8) }
        #expect(throws: TargetURLError.labelTooLong) { try TargetURL("https://a\(label).com/".utf8) }
        let start = "https://example.com/"
        let full = start + String(repeating: "x", count: TargetURL.maximumBytes - start.utf8.count)
        _ = try TargetURL(full.utf8)
        #expect(throws: TargetURLError.tooLong) { try TargetURL((full + "x").utf8) }
        #expect(throws: TargetURLError.tooLong) { try TargetURL([UInt8](repeating: 0, count: 1 << 20)) }
    }

    @Test func developmentTakesLiteralsAndLocalNames() throws {
        let rows = [
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"), ("http://[::1]:8080", "http://[::1]:8080/"),
            ("http://[0:0:0:0:0:FFFF:7F00:1]/", "http://[::ffff:127.0.0.1]/"),
            ("http://localhost:1/", "http://localhost:1/"),
            ("http://receiver-1/", "http://receiver-1/"),
            ("https://[2001:DB8:0:0:1::1]/", "https://[2001:db8::1:0:0:1]/"),
        ]
        for (text, canonical) in rows {
            #expect(try TargetURL(text.utf8, options: .development).asciiText == canonical)
        }
        for text in ["http://127.1/", "http://0x7f.1/", "http://2130706433/", "http://[::1%25lo]/", "http://a_b/"] {
            #expect(throws: TargetURLError.self) { try TargetURL(text.utf8, options: .development) }
        }
    }
}
