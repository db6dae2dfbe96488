import Testing

@testable import HTTPServer

@Suite struct RequestLineTests {
    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    func aKnownMethodIsRead(_ name: String) {
        let head = parse(withLine("\(name) / HTTP/1.1")).heads.first
        #expect(head.map { "\($0.method)".uppercased() } == name)
    }

    @Test(arguments: ["TRACE", "CONNECT", "get", "Get", "GETS", "GE", "QUERY", "M-SEARCH", "!#$%&'*+-.^_`|~0"])
    func anyOtherTokenIs501(_ name: String) {
        #expect(verdict(withLine("\(name) / HTTP/1.1")) == .unknownMethod)
    }

    @Test func aMethodOfOneKilobyteIs501() {
        #expect(verdict(withLine(String(repeating: "M", count: 1024) + " / HTTP/1.1")) == .unknownMethod)
    }

    @Test(arguments: ["G(T", "GE/T", "G\"T", "G\u{e9}T", "G\0T", "G\tT", "", "G,T", "G:T", "\u{7f}"])
    func aMethodThatIsNoTokenIs400(_ name: String) {
        #expect(verdict(withLine("\(name) / HTTP/1.1")) == .badRequest)
    }

    @Test(arguments: ["HTTP/0.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"])
    func anyOtherVersionIs505(_ version: String) {
        #expect(verdict(withLine("GET / \(version)")) == .unsupportedVersion)
    }

    @Test func theBeginningOfHTTP2Is505() {
        #expect(verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == .unsupportedVersion)
    }

    @Test(arguments: [
        "GET /", "GET / ", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET / http/1.1",
        "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/1.10", "GET / HTTP/11.1", "GET / HTTP/a.b", "GET / HTTPS/1.1",
        "GET / HTTP 1.1", "GET\t/ HTTP/1.1", "GET / HTTP/1.1\t", "GET /a b HTTP/1.1", "/ HTTP/1.1", "GET",
        "GET/HTTP/1.1",
        "GET / HTTP/1,1", "GET / HTTP/+1.1", "GET / HTTP/1.\u{661}",
    ])
    func aLineOfAnotherShapeIs400(_ line: String) {
        #expect(verdict(withLine(line)) == .badRequest)
    }

    @Test func aLineOfTheLimitPassesAndOneByteMoreIs414() {
        let fixed = "GET / HTTP/1.1".utf8.count
        let longest = String(repeating: "a", count: Limits.requestLineBytes - fixed)
        #expect(verdict(withLine("GET /\(longest) HTTP/1.1")) == nil)
        #expect(verdict(withLine("GET /\(longest)a HTTP/1.1")) == .targetTooLong)
    }

    @Test func aLineThatNeverEndsIs414AtTheLimit() {
        #expect(parse("GET /" + String(repeating: "a", count: Limits.requestLineBytes)).rejection == .targetTooLong)
        #expect(parse(String(repeating: "A", count: Limits.requestLineBytes + 3)).rejection == .targetTooLong)
    }

    @Test func oneEmptyLineBeforeTheRequestIsSkippedAndTwoAreNot() {
        #expect(verdict("\r\n" + withLine("GET / HTTP/1.1")) == nil)
        #expect(verdict("\r\n\r\n" + withLine("GET / HTTP/1.1")) == .badRequest)
        #expect(verdict("\n" + withLine("GET / HTTP/1.1")) == .badRequest)
    }

    @Test func aTLSGreetingIs400AtItsFirstByte() {
        #expect(Transcript([[0x16]]).rejection == .badRequest)
    }

    @Test(arguments: ["GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\rHost: a\r\r", "GET /\r / HTTP/1.1\r\n"])
    func aBareCarriageReturnOrLineFeedIs400(_ text: String) {
        #expect(verdict(text) == .badRequest)
    }
}
