import Testing

@testable import HTTPServer

@Suite struct HeaderFieldsTests {
    @Test func fieldsAreReadWithoutTheBlanksAroundTheirValues() {
        let head = parse(withFields("A: b", "C:d", "E: \t f g \t", "H:", "I: \u{e9}", "J:\t")).heads.first
        #expect(head?.fields == ["Host=a", "A=b", "C=d", "E=f g", "H=", "I=\u{e9}", "J="])
    }

    @Test func lookupIgnoresCaseAndShowsRepetition() throws {
        let fields = try #require(readFields(withFields("X-One: 1", "x-TWO: 2", "X-Two: 3")))
        #expect(fields["x-one"].map(Array.init) == [0x31])
        #expect(fields["x-two"] == nil)
        #expect(fields.all("x-two").map(Array.init) == [[0x32], [0x33]])
        #expect(fields["x-none"] == nil)
        guard case .repeated = fields.lookup("x-two") else { Issue.record("x-two is there twice"); return }
        guard case .absent = fields.lookup("x") else { Issue.record("a prefix is another name"); return }
    }

    /// The Kelvin sign equals `K` for Swift's strings; for HTTP it is not even a letter.
    @Test func namesAreBytes() {
        #expect(verdict(withFields("X-\u{212A}ey: 1")) == .badRequest)
    }

    @Test(arguments: [
        "A : b", "A\t: b", " A: b", "\tA: b", ": b", "A", "A b: c", "A\u{e9}: b", "A\0: b", "A: b\0", "A: \u{1}",
        "A: \u{7f}",
        "A: \u{1b}[0m", "(A): b", "A,B: c", "A;: b", "\"A\": b", "A: b\rC: d", "A: b\nC: d", "A: b\r\r", "\n", "A: b\r",
    ])
    func aLineThatIsNoFieldIs400(_ line: String) {
        #expect(verdict(withFields(line)) == .badRequest)
    }

    @Test(arguments: [" folded", "\tfolded", " "])
    func aFoldedLineIs400(_ second: String) {
        #expect(verdict(withFields("A: b", second)) == .badRequest)
        #expect(verdict("GET / HTTP/1.1\r\n" + second + "\r\nHost: a\r\n\r\n") == .badRequest)
    }

    @Test func aHundredFieldsPassAndOneMoreIs431() {
        let fields = (1..<Limits.fieldCount).map { "X-\($0): a\r\n" }.joined()
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") == nil)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "X: a\r\n\r\n") == .fieldsTooLarge)
    }

    @Test func aHeadOfTheLimitPassesAndOneByteMoreIs431() {
        let rest = withFields("A: ").utf8.count
        let longest = String(repeating: "a", count: Limits.headBytes - rest)
        #expect(verdict(withFields("A: " + longest)) == nil)
        #expect(verdict(withFields("A: a" + longest)) == .fieldsTooLarge)
        #expect(parse("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 1 << 20)).rejection == .fieldsTooLarge)
        #expect(parse("GET / HTTP/1.1\r\n" + String(repeating: "a:\r\n", count: 1 << 18)).rejection == .fieldsTooLarge)
    }

    @Test(arguments: [
        "a", "a.example", "a:80", "a:", "127.0.0.1:8080", "[::1]", "[::1]:443", "[2001:db8::1.2.3.4]", "A-b_c.",
        "a:65535",
        "xn--nxasmq6b",
    ])
    func aSoundHostPasses(_ host: String) {
        #expect(parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").heads.first?.host == host)
    }

    @Test(arguments: [
        "", " ", "a b", "a,b", "a, b", "u@a", "u:p@a", "a:b", "a:+80", "a:-1", "a:65536", "a:99999999999999999999",
        "a:80:80",
        ":80", "a/b", "http://a", "a?b", "a#b", "[::1", "::1", "[]", "[::g]", "[::1]x", "[1]", "[::1]:x", "a\\b",
        "a%00b",
        "a%41", "\u{e9}", "\u{ff11}", "a\tb", "*", "a'b", "a;b",
    ])
    func aMalformedHostIs400(_ host: String) {
        #expect(verdict("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .badRequest)
    }

    @Test func aMissingOrRepeatedHostIs400() {
        #expect(verdict("GET / HTTP/1.1\r\n\r\n") == .badRequest)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == .badRequest)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n") == .badRequest)
        #expect(verdict("GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 256))\r\n\r\n") == .badRequest)
    }

    @Test func onlyTheElementCloseOfConnectionCloses() {
        #expect(parse(withFields("Connection: close")).heads.first?.wantsClose == true)
        #expect(parse(withFields("Connection: keep-alive, Close")).heads.first?.wantsClose == true)
        #expect(parse(withFields("Connection: ,\tclose ,")).heads.first?.wantsClose == true)
        #expect(parse(withFields("Connection: keep-alive", "Connection: close")).heads.first?.wantsClose == true)
        #expect(parse(withFields("Connection: closed, not-close")).heads.first?.wantsClose == false)
        #expect(parse(withFields("Connection: ")).heads.first?.wantsClose == false)
    }

    @Test func anExpectationOtherThanContinueIs417() {
        #expect(parse(withFields("Expect: 100-continue")).heads.first?.expectsContinue == true)
        #expect(parse(withFields("Expect: 100-Continue")).heads.first?.expectsContinue == true)
        for value in ["", "100", "200-ok", "100-continue, x", "x 100-continue", "100-continue;a=b"] {
            #expect(verdict(withFields("Expect: \(value)")) == .expectationFailed)
        }
        #expect(verdict(withFields("Expect: 100-continue", "Expect: 100-continue")) == .expectationFailed)
    }

    private func readFields(_ text: String) -> HeaderFields? {
        var parser = RequestParser()
        var cursor = 0
        let bytes = Array(text.utf8)
        guard case .head(let head) = parser.next(bytes.span, &cursor) else { return nil }
        return head.fields
    }
}
