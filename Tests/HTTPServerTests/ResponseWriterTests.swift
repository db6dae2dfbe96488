import Testing

@testable import HTTPServer

@Suite struct ResponseWriterTests {
    private func written(
        _ response: Response, isHead: Bool = false, closes: Bool = false, now: Int64 = 784_111_777
    ) -> String {
        var writer = ResponseWriter()
        var out: [UInt8] = []
        let context = ResponseWriter.Context(requestId: Array("r1".utf8), isHead: isHead, closes: closes, now: now)
        writer.write(response, context, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func aResponseHasDateLengthTypeAndRequestId() {
        var response = Response(status: 200, contentType: "text/plain", body: Array("hi".utf8))
        response.headers.add("ETag", "\"1\"")
        #expect(
            written(response) == """
                HTTP/1.1 200 OK\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Length: 2\r
                Content-Type: text/plain\r
                X-Request-Id: r1\r
                ETag: "1"\r
                \r
                hi
                """)
    }

    @Test func aResponseToHEADHasTheLengthAndNoBody() {
        let text = written(Response(status: 200, contentType: "text/plain", body: Array("hi".utf8)), isHead: true)
        #expect(text.contains("Content-Length: 2\r\n"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [204, 304]) func aStatusWithoutContentHasNeitherLengthNorBody(_ status: Int) {
        let text = written(Response(status: status, body: Array("hi".utf8)))
        #expect(!text.contains("Content-Length"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func anEmptyBodyHasLengthZero() {
        #expect(written(Response(status: 404)).contains("Content-Length: 0\r\n"))
    }

    @Test func theLastResponseSaysSo() {
        #expect(written(Response(status: 200), closes: true).contains("Connection: close\r\n"))
        #expect(!written(Response(status: 200)).contains("Connection"))
    }

    @Test func aStatusNobodyNamedHasAnEmptyPhrase() {
        #expect(written(Response(status: 299)).hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test(arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "\u{7f}", "\u{1b}[0m", "\r\n", "a\u{85}\u{1}"])
    func aValueThatCouldEndItsLineIsNotSent(_ value: String) {
        var headers = ResponseHeaders()
        let isAdded = headers.add("X-Name", value.utf8)
        #expect(!isAdded)
        #expect(headers.bytes.isEmpty)
    }

    @Test(arguments: ["plain", "", "with\ttab", "\u{e9}\u{2028}\u{1F600}"])
    func anyOtherValueIsSentAsItIs(_ value: String) {
        var headers = ResponseHeaders()
        let isAdded = headers.add("X-Name", value.utf8)
        #expect(isAdded)
        #expect(headers.bytes == Array("X-Name: \(value)\r\n".utf8))
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00"), (951_782_400, "Tue, 29 Feb 2000 00:00:00"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00"), (1_795_249_292, "Sat, 21 Nov 2026 08:21:32"),
    ])
    func datesAreInTheOneFormat(_ seconds: Int64, _ text: String) {
        #expect(String(decoding: HTTPDate.line(seconds), as: UTF8.self) == "Date: \(text) GMT\r\n")
    }

    @Test func theByteSetsAreTheOnesOfTheGrammars() {
        let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        func expect(_ set: ByteSet, _ members: String) {
            let expected = Set(members.utf8)
            for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == expected.contains(byte)) }
        }
        expect(.token, alphanumeric + "!#$%&'*+-.^_`|~")
        expect(.path, alphanumeric + "-._~!$&'()*+,;=:@/")
        expect(.query, alphanumeric + "-._~!$&'()*+,;=:@/?[]")
        expect(.hostName, alphanumeric + "-._")
        expect(.ipv6, "0123456789abcdefABCDEF:.")
    }
}
