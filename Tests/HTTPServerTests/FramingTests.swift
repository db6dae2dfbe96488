import Testing

@testable import HTTPServer

/// Where a body ends: what two readers could see in two ways is refused.
@Suite struct FramingTests {
    private func post(_ fields: String..., body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    @Test(arguments: [
        ("0", ""), ("5", "hello"), ("05", "hello"), ("0000000000000000000000005", "hello"), (" 5\t", "hello"),
    ])
    func aContentLengthOfDigitsIsRead(_ value: String, _ body: String) {
        let seen = parse(post("Content-Length:\(value)", body: body))
        #expect(seen.rejection == nil)
        #expect(seen.bodies == (body.isEmpty ? [] : [Array(body.utf8)]))
        #expect(seen.events.last == .bodyEnd || body.isEmpty)
    }

    @Test(arguments: [
        "+5", "-1", "-0", "0x5", "5 5", "5,5", "5, 5", "5,6", "9223372036854775808", "18446744073709551621", "\u{ff15}",
        "", "5a", "a", "5.0", "1e1", "5;", "\"5\"", "5_0", "\u{665}", "99999999999999999999999999999999", "5\u{0b}",
    ])
    func anyOtherContentLengthIs400(_ value: String) {
        #expect(verdict(post("Content-Length: \(value)", body: "hello")) == .badRequest)
    }

    @Test func twoContentLengthsAre400EqualOrNot() {
        #expect(verdict(post("Content-Length: 5", "Content-Length: 5", body: "hello")) == .badRequest)
        #expect(verdict(post("Content-Length: 5", "content-length: 6", body: "hello")) == .badRequest)
        #expect(verdict(post("Content-Length: 0", "Content-Length: 0")) == .badRequest)
    }

    @Test func contentLengthWithTransferEncodingIs400() {
        #expect(verdict(post("Content-Length: 0", "Transfer-Encoding: chunked", body: "0\r\n\r\n")) == .badRequest)
        #expect(verdict(post("Transfer-Encoding: chunked", "Content-Length: 5", body: "0\r\n\r\n")) == .badRequest)
    }

    @Test(arguments: [
        "gzip", "gzip, chunked", "chunked, chunked", "chunked, gzip", "identity", "identity, chunked", "Chunked",
        "CHUNKED",
        "xchunked", "chunkedx", "chunk", "", "chunked;", "chunked;a=b", "\"chunked\"", "'chunked'", ",chunked",
        "chunked,",
        "\u{0b}chunked", "chunked\u{0c}", "\u{a0}chunked", "chu nked", "chunked\0", "c\u{212A}unked", "x chunked",
    ])
    func anyTransferCodingButOneChunkedIs400(_ value: String) {
        #expect(verdict(post("Transfer-Encoding: \(value)", body: "0\r\n\r\n")) == .badRequest)
    }

    @Test func twoTransferEncodingsAre400() {
        #expect(
            verdict(post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body: "0\r\n\r\n")) == .badRequest)
        #expect(
            verdict(post("Transfer-Encoding: chunked", "Transfer-encoding: identity", body: "0\r\n\r\n")) == .badRequest
        )
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"),
        ("005\r\nhello\r\n000\r\n\r\n", "hello"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"),
        ("5;a=\"b c\"\r\nhello\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "hello"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("5;a;b=c;d=\"e;\\\"f\\\\\tg\";h\r\nhello\r\n0\r\n\r\n", "hello"),
        ("0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
    ])
    func aChunkedBodyIsTakenApart(_ chunks: String, _ body: String) {
        let seen = parse(withChunks(chunks))
        #expect(seen.rejection == nil)
        #expect(seen.bodies == (body.isEmpty ? [] : [Array(body.utf8)]))
        #expect(seen.events.last == .bodyEnd)
    }

    @Test(arguments: [
        "+5", "-5", "-0", "+f", "0x5", "5_0", " 5", "5 ", "5 ;x", "\t5", "5\t", "00000000000000005", "8000000000000000",
        "FFFFFFFFFFFFFFFF", "10000000000000005", "g", "", "5,", "5.", "\u{ff15}", "5\r", "5\n", "\r\n5", "5;\0",
        "5;a\u{7f}",
        "5;a\rb", "0x", "5h", "5;", "5;;a", "5;=a", "5;a=", "5;a==b", "5; a", "5;a =b", "5;a= b", "5;a=b c", "5;a=\"b",
        "5;a=\"b\"c", "5;a=b\"",
        "5;a=\"b\\", "5;a;", "5;a=\"b\";", "5;(", "5;a=\"\u{1}\"", "5;\u{e9}",
    ])
    func anyOtherChunkSizeIs400(_ size: String) {
        #expect(verdict(withChunks("\(size)\r\nhello\r\n0\r\n\r\n")) == .badRequest)
    }

    @Test(arguments: [
        "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n", "0\r\n\n", "0\r\n\r\r\n", "0\n\r\n", "0\r\n X: folded\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\nno field\r\n\r\n", "0\r\nX: \0\r\n\r\n",
    ])
    func brokenChunksAndTrailersAre400(_ chunks: String) {
        #expect(verdict(withChunks(chunks)) == .badRequest)
    }

    @Test func extensionsAndTrailersAreBounded() {
        let long = String(repeating: "a", count: Limits.chunkLineBytes)
        #expect(verdict(withChunks("5;\(long)\r\nhello\r\n0\r\n\r\n")) == .badRequest)
        let many = String(repeating: "1;aaaaaaaa\r\nx\r\n", count: 1 + Limits.chunkExtensionBytes / 9)
        #expect(verdict(withChunks(many + "0\r\n\r\n")) == .badRequest)
        let trailer = String(repeating: "X: y\r\n", count: 1 + Limits.trailerBytes / 6)
        #expect(verdict(withChunks("0\r\n" + trailer + "\r\n")) == .fieldsTooLarge)
    }

    @Test func bytesAfterARequestWithoutABodyAreTheNextRequest() {
        let seen = parse(withLine("GET / HTTP/1.1") + "hello world\r\n\r\n")
        #expect(seen.heads.count == 1)
        #expect(seen.rejection == .badRequest)
    }

    @Test func requestsFollowEachOtherWhateverTheirFraming() {
        let seen = parse(
            withLine("GET /1 HTTP/1.1") + post("Content-Length: 5", body: "hello") + withChunks("1\r\nx\r\n0\r\n\r\n")
                + "\r\n" + withLine("GET /4 HTTP/1.1"))
        #expect(seen.heads.map(\.path) == ["/1", "/", "/", "/4"])
        #expect(seen.bodies == [Array("hello".utf8), Array("x".utf8)])
        #expect(seen.rejection == nil)
    }

    @Test func nothingIsSaidAfterARejection() {
        var parser = RequestParser()
        var cursor = 0
        let bytes = Array(("bad\r\n\r\n" + withLine("GET / HTTP/1.1")).utf8)
        guard case .reject(.badRequest) = parser.next(bytes.span, &cursor) else { Issue.record("bad is bad"); return }
        #expect(parser.next(bytes.span, &cursor) == nil)
    }
}

extension RequestParser.Action? {
    static func == (action: RequestParser.Action?, nothing: _OptionalNilComparisonType) -> Bool {
        if case .none = action { true } else { false }
    }
}
