import Foundation
import TestSupport
import Testing

/// Bytes that must not pass, and the answer they get.
private struct Attack {
    var name: String
    var bytes: String
    var status: Int

    init(_ name: String, _ status: Int, _ bytes: String) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    /// A request whose body would be the smuggled request, with these framing fields.
    static func framed(_ name: String, _ fields: String, _ status: Int = 400) -> Attack {
        Attack(name, status, "POST /v1/me HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n0\r\n\r\n")
    }

    /// A chunked body that begins with this, where a body is read.
    static func chunked(_ name: String, _ body: String) -> Attack {
        let signature = WebhookSignature.mesh([], secret: "none")
        let head = "POST /inbound/mesh/UPSTREAM HTTP/1.1\r\nHost: a\r\nX-Mesh-Signature-256: \(signature)\r\n"
        return Attack(name, 400, "\(head)Transfer-Encoding: chunked\r\n\r\n\(body)")
    }

    /// A head with one strange field.
    static func field(_ name: String, _ field: String, _ status: Int = 400) -> Attack {
        Attack(name, status, "GET /v1/me HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
    }

    static let framing: [Attack] = [
        .framed("two lengths that differ", "Content-Length: 5\r\nContent-Length: 6"),
        .framed("two lengths that agree", "Content-Length: 5\r\nContent-Length: 5"),
        .framed("a list of lengths", "Content-Length: 5, 5"),
        .framed("a length with a sign", "Content-Length: +5"),
        .framed("a negative length", "Content-Length: -5"),
        .framed("a length in hex", "Content-Length: 0x5"),
        .framed("a length with a point", "Content-Length: 5.0"),
        .framed("an empty length", "Content-Length: "),
        .framed("a length with a space in it", "Content-Length: 1 0"),
        .framed("a length that overflows", "Content-Length: 18446744073709551621"),
        .framed("length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        .framed("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        .framed("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        .framed("chunked twice", "Transfer-Encoding: chunked, chunked"),
        .framed("gzip, chunked", "Transfer-Encoding: gzip, chunked"),
        .framed("chunked, identity", "Transfer-Encoding: chunked, identity"),
        .framed("identity", "Transfer-Encoding: identity"),
        .framed("a coding like chunked", "Transfer-Encoding: xchunked"),
        .framed("a coding with a tab before", "Transfer-Encoding:\u{b}chunked"),
        .framed("a quoted coding", "Transfer-Encoding: \"chunked\""),
        .framed("a space before the colon", "Transfer-Encoding : chunked"),
        .framed("a folded coding", "Transfer-Encoding:\r\n chunked"),
        .framed("a coding in a long line ending", "X: a\r\r\nTransfer-Encoding: chunked"),
        .framed("a coding after a bare line feed", "X: a\nTransfer-Encoding: chunked"),
        .framed("a coding after a bare carriage return", "X: a\rTransfer-Encoding: chunked"),
        .framed("a coding with NUL", "Transfer-Encoding: chunked\u{0}"),
    ]

    static let chunks: [Attack] = [
        .chunked("a size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        .chunked("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
        .chunked("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        .chunked("a size with a space before", " 5\r\nhello\r\n0\r\n\r\n"),
        .chunked("a size with an underscore", "0_5\r\nhello\r\n0\r\n\r\n"),
        .chunked("a size that overflows", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        .chunked("a size that is no number", "x\r\nhello\r\n0\r\n\r\n"),
        .chunked("no size", "\r\nhello\r\n0\r\n\r\n"),
        .chunked("a line feed alone", "5\nhello\r\n0\r\n\r\n"),
        .chunked("no line end after the chunk", "5\r\nhello0\r\n\r\n"),
        .chunked("two bytes that are no line end", "5\r\nhelloXX0\r\n\r\n"),
        .chunked("an extension with a line feed", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        .chunked("a trailer that is folded", "0\r\nA: b\r\n c\r\n\r\n"),
    ]

    static let heads: [Attack] = [
        Attack("no host", 400, "GET /v1/me HTTP/1.1\r\n\r\n"),
        Attack("two hosts", 400, "GET /v1/me HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Attack("a host with a path", 400, "GET /v1/me HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Attack("a host with user info", 400, "GET /v1/me HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        Attack("a host with a strange port", 400, "GET /v1/me HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        Attack("a space in the target", 400, "GET /v1/me HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("a tab in the request line", 400, "GET\t/v1/me HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("two spaces", 400, "GET  /v1/me HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("a lower-case version", 400, "GET /v1/me http/1.1\r\nHost: a\r\n\r\n"),
        Attack("a version of three numbers", 400, "GET /v1/me HTTP/1.1.1\r\nHost: a\r\n\r\n"),
        Attack("a space before the request", 400, " GET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Attack("HTTP/0.9", 400, "GET /v1/me\r\n\r\n"),
        Attack(
            "chunks in HTTP/1.0", 400,
            "POST /v1/me HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Attack("HTTP/1.0, which ends its connection", 401, "GET /v1/me HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        Attack("another version", 505, "GET /v1/me HTTP/1.2\r\nHost: a\r\n\r\n"),
        Attack("an unknown method", 501, "BREW /v1/me HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("a method in lower case", 501, "get /v1/me HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack("line feeds alone", 400, "GET /v1/me HTTP/1.1\nHost: a\n\n"),
        .field("a space before the colon", "X-A : b"),
        .field("no colon", "X-A"),
        .field("no name", ": b"),
        .field("a folded line", "X-A: b\r\n c"),
        .field("NUL in a value", "X-A: b\u{0}c"),
        .field("a control byte in a value", "X-A: b\u{1}c"),
        .field("a carriage return in a value", "X-A: b\rc"),
        .field("a delete in a value", "X-A: b\u{7f}c"),
        .field("a name outside ASCII", "X-É: b"),
        .field("an expectation we do not know", "Expect: 200-maybe", 417),
        .field("a head that is too long", "X-A: " + String(repeating: "a", count: 40_000), 431),
        Attack(
            "a target that is too long", 414,
            "GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        Attack(
            "too many fields", 431,
            "GET /v1/me HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X-A: b\r\n", count: 200) + "\r\n"),
    ]
}

extension EndToEnd {
    @Suite struct HTTPAttackTests {
        /// What follows an attack on its connection; it must never be read as a request.
        private static let smuggled = "GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test func whatIsAmbiguousIsRefusedAndEndsTheConnection() async throws {
            try await onOwnThread {
                let stage = try Stage()
                for attack in Attack.framing + Attack.chunks + Attack.heads {
                    let bytes = attack.bytes.replacingOccurrences(of: "UPSTREAM", with: stage.upstream)
                    let answers = try exchange(stage, bytes + Self.smuggled)
                    #expect(answers.map(\.status) == [attack.status], "\(attack.name)")
                    #expect(answers.first?.header("connection")?.lowercased() == "close", "\(attack.name)")
                    // The refusal repeats nothing of what was sent.
                    #expect(answers.first?.text.contains("smuggled") == false, "\(attack.name)")
                }
                // The same bytes on the other listeners.
                for attack in Attack.framing.prefix(8) {
                    for port in [stage.node.adminPort, stage.node.opsPort] {
                        let answers = try exchange(stage, attack.bytes + Self.smuggled, port: port)
                        #expect(answers.map(\.status) == [attack.status], "\(attack.name)")
                    }
                }
                #expect(stage.node.isReady)
            }
        }

        @Test func whatIsClearIsServedInOrder() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let requests = [
                    "GET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n",
                    "POST /inbound/mesh/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
                    "POST /inbound/mesh/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                    "OPTIONS /v1/me HTTP/1.1\r\nHost: a\r\n\r\n",
                    "GET /v1/none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                ]
                let answers = try exchange(stage, requests.joined())
                #expect(answers.map { $0.status / 100 } == [4, 4, 4, 2, 4])
                #expect(answers.last?.status == 404)
                #expect(Set(answers.compactMap { $0.header("x-request-id") }).count == requests.count)
            }
        }

        @Test func aBodyOverTheLimitIsRefusedUnread() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let head = """
                    POST /v1/webhook-endpoints HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(merchant.secret)\r\n\
                    Content-Type: application/json\r\nContent-Length: 2000000000\r\nExpect: 100-continue\r\n\r\n
                    """
                let answers = try exchange(stage, head)
                #expect(answers.map(\.status) == [413])
                // Chunks hide their sum; the sum counts all the same.
                let chunk = "10000\r\n" + String(repeating: "a", count: 65_536) + "\r\n"
                let chunked = """
                    POST /v1/webhook-endpoints HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(merchant.secret)\r\n\
                    Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n
                    """
                let socket = try LoopbackSocket(port: stage.node.publicPort)
                try socket.write(chunked)
                for _ in 0..<64 { guard (try? socket.write(chunk)) != nil else { break } }
                let bytes = (try? socket.readToEnd()) ?? []
                #expect(HTTPAnswer.all(in: bytes).map(\.status) == [413])
            }
        }

        /// A head that trickles in, and a body that does, are cut off; others are served meanwhile.
        @Test func slowSendersAreCutOff() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let begin = ContinuousClock.now
                let slow = try (0..<50).map { _ in try LoopbackSocket(port: stage.node.publicPort) }
                for socket in slow { try socket.write("GET /v1/me HTTP/1.1\r\nHost: a\r\nX-A: b") }
                while .now - begin < .seconds(8) {
                    for socket in slow { try socket.write("b") }
                    #expect(try HTTPProbe(port: stage.node.publicPort).send("GET", "/v1/me").status == 401)
                    Patience.pause(.seconds(1))
                }
                for socket in slow {
                    let answers = HTTPAnswer.all(in: (try? socket.readToEnd()) ?? [])
                    #expect(answers.map(\.status) == [408])
                }
                #expect(.now - begin < .seconds(14))
            }
        }

        // MARK: Parts

        /// Sends the bytes and reads until the server closes the connection.
        private func exchange(_ stage: Stage, _ bytes: String, port: UInt16? = nil) throws -> [HTTPAnswer] {
            let socket = try LoopbackSocket(port: port ?? stage.node.publicPort, limit: .seconds(5))
            try socket.write(bytes)
            let received = try socket.readToEnd()
            return HTTPAnswer.all(in: received)
        }
    }
}
