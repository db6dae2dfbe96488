import Testing

@testable import HTTPServer

/// Inputs that real servers and proxies have been found to read differently. Each has one reading here, or none.
@Suite struct SmugglingTests {
    private static let chunked: [UInt8] = Array("chunked".utf8)

    private func transcript(_ lines: [[UInt8]], body: String = "0\r\n\r\n") -> Transcript {
        var bytes = Array("POST / HTTP/1.1\r\nHost: a\r\n".utf8)
        for line in lines { bytes += line + [13, 10] }
        return Transcript([bytes + [13, 10] + Array(body.utf8)])
    }

    private func accepts(_ line: [UInt8]) -> Bool {
        if case .head = transcript([line]).events.first { true } else { false }
    }

    @Test func noByteHidesChunked() {
        let name = Array("Transfer-Encoding".utf8)
        for byte in UInt8.min...UInt8.max {
            let isBlank = byte == 0x20 || byte == 0x09
            #expect(accepts(name + [0x3A, byte] + SmugglingTests.chunked) == isBlank)
            #expect(accepts(name + [0x3A] + SmugglingTests.chunked + [byte]) == isBlank)
            #expect(!accepts(name + [0x3A] + Array("chun".utf8) + [byte] + Array("ked".utf8)))
            // Another byte in the name makes another name, of a field that frames nothing, or no name at all.
            for line in [[byte] + name, name + [byte], Array("Transfer".utf8) + [byte] + Array("Encoding".utf8)] {
                let seen = transcript([line + [0x3A] + SmugglingTests.chunked])
                let isSame = byte == 0x2D && line.count == name.count
                let isToken = ByteSet.token.contains(byte) || (byte == 0x3A && line.count == name.count)
                #expect(seen.heads.first.map(\.framing) == (isSame ? .chunked : isToken ? HeadFacts.Framing.none : nil))
            }
        }
    }

    @Test func noByteChangesALength() {
        for byte in UInt8.min...UInt8.max {
            let isBlank = byte == 0x20 || byte == 0x09
            let isDigit = ASCII.isDigit(byte)
            #expect(accepts(Array("Content-Length:".utf8) + [byte, 0x35]) == (isBlank || isDigit))
            #expect(accepts(Array("Content-Length:5".utf8) + [byte]) == (isBlank || isDigit))
            #expect(accepts(Array("Content-Length:5".utf8) + [byte, 0x35]) == isDigit)
        }
    }

    @Test func noByteChangesAChunkSize() {
        for byte in UInt8.min...UInt8.max where ASCII.hexValue(byte) == nil {
            for size in [[byte, 0x35], [0x35, byte], [0x35, byte, 0x35]] where size != [0x35, 0x0D, 0x35] {
                let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                let seen = Transcript([head + size + Array("\r\nhello\r\n0\r\n\r\n".utf8)])
                // A semicolon before a token begins an extension.
                let isExtension = byte == 0x3B && size.count == 3
                #expect((seen.rejection == nil) == isExtension)
            }
        }
    }

    @Test func aLengthWithALeadingZeroIsDecimal() {
        let seen = transcript([Array("Content-Length: 010".utf8)], body: "0123456789")
        #expect(seen.bodies == [Array("0123456789".utf8)])
        #expect(seen.events.last == .bodyEnd)
    }

    @Test func aTrailerThatLooksLikeARequestIsATrailer() {
        let seen = transcript([Array("Transfer-Encoding: chunked".utf8)], body: "0\r\nX:POST / HTTP/1.1\r\n\r\n")
        #expect(seen.heads.count == 1)
        #expect(seen.events.last == .bodyEnd)
    }

    @Test(arguments: [
        "5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n", "41;a=b\r\rX\r\n0\r\n\r\n", "0_2e\r\n\r\n", "\r\n\r\n", "0\r\n\rX\r\n",
        "0\r\nXX",
        "2;\nxx\r\n4c\r\n0\r\n\r\n", "1\r\nZ0\r\n\r\n", "3\r\nabc\r\r0\r\n\r\n", "0\r\n\n\r\n",
    ])
    func aChunkLineEndsInOneWay(_ chunks: String) {
        let seen = transcript([Array("Transfer-Encoding: chunked".utf8)], body: chunks)
        #expect(seen.heads.count == 1)
        #expect(!seen.events.contains(.bodyEnd))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n:\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-\r\nEncoding: chunked\r\n\r\n", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX:\n\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/\r\r1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/4294967295.255\r\nHost: a\r\n\r\n", "GET / HTTP/1.32\r\nHost: a\r\n\r\n",
        "GET ! HTTP/1.1\r\nHost: a\r\n\r\n",
        "G=\":<>(e),[T];?\" / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length 10\r\n\r\n",
    ])
    func aHeadThatOthersReadInTwoWaysIs400(_ text: String) {
        #expect(parse(text).heads.isEmpty)
        #expect(verdict(text) == .badRequest)
    }
}
