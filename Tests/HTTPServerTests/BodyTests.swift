import Runtime
import Testing

@testable import HTTPServer

@Suite struct BodyTests {
    private func post(_ path: String, _ fields: String...) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test(arguments: [0, 1, 100, 8192, 100_000, 1 << 20]) func aBodyWithALengthIsCollected(_ size: Int) async throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            for _ in 0..<2 {
                client.send(Array(post("/echo", "Content-Length: \(size)").utf8) + body)
                #expect(client.response()?.body == body)
            }
        }
    }

    @Test(arguments: Wire.allCases) func aChunkedBodyIsCollected(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            let chunk = "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n"
            client.send(
                post("/echo", "Transfer-Encoding: chunked") + String(repeating: chunk, count: 300) + "0\r\n\r\n")
            #expect(client.response()?.body.count == 300_000)
            client.send(post("/echo", "Content-Length: 1") + "y")
            #expect(client.response()?.text == "y")
        }
    }

    @Test func anAnnouncedLengthOverTheLimitFailsBeforeAnythingIsRead() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send(post("/echo", "Content-Length: \(1 << 20 + 1)"))
            let response = client.response()
            #expect(response?.status == 413)
            #expect(response?["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func chunksOverTheLimitFail(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
            client.send(post("/echo", "Transfer-Encoding: chunked") + String(repeating: chunk, count: 20))
            #expect(client.response()?.status == 413)
            client.finishSending()
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func continueIsSaidWhenTheBodyIsAskedFor(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send(post("/echo", "Content-Length: 2", "Expect: 100-continue"))
            #expect(client.response()?.status == 100)
            client.send("hi")
            #expect(client.response()?.text == "hi")
            client.send(post("/echo", "Transfer-Encoding: chunked", "Expect: 100-continue"))
            #expect(client.response()?.status == 100)
            client.send("1\r\nx\r\n0\r\n\r\n")
            #expect(client.response()?.text == "x")
        }
    }

    @Test func continueIsNotSaidToAClientThatHasBegunOrHasNoBody() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send(post("/echo", "Content-Length: 2", "Expect: 100-continue") + "hi")
            #expect(client.response()?.status == 200)
            client.send(post("/echo", "Expect: 100-continue"))
            #expect(client.response()?.status == 200)
            client.send(post("/echo", "Expect: 100-continue", "Content-Length: 0"))
            #expect(client.response()?.status == 200)
        }
    }

    @Test func anAnswerInsteadOfContinueEndsTheConnection() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send(post("/ignore", "Content-Length: 2", "Expect: 100-continue"))
            #expect(client.response()?["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aSmallUnreadBodyIsReadAwayAndNeverTakenForARequest(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            client.send(post("/ignore", "Content-Length: \(smuggled.utf8.count)") + smuggled)
            #expect(client.response()?.body == [])
            client.send(post("/ignore", "Content-Length: 30000"))
            let early = client.response()
            #expect(early?.status == 200)
            #expect(early?["connection"] == nil)
            client.send(String(repeating: "x", count: 30_000) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.response()?.text == "/next")
        }
    }

    @Test(arguments: Wire.allCases) func aLargeUnreadBodyEndsTheConnectionAfterTheAnswer(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send(post("/ignore", "Content-Length: 1000000") + String(repeating: "x", count: 200_000))
            #expect(client.response()?["connection"] == "close")
            client.finishSending()
            #expect(client.isAtEnd())
        }
    }

    /// Most clients read no answer before they have sent their body.
    @Test(arguments: Wire.allCases) func aClientThatSendsFarTooMuchIsTold(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.lingerTimeout = .seconds(60) }) { server in
            let client = try server.connect()
            client.send(post("/echo", "Content-Length: 10000000"))
            #expect(client.send([UInt8](repeating: 120, count: 10_000_000)))
            #expect(client.response()?.status == 413)
            client.finishSending()
            #expect(client.isAtEnd())
        }
    }

    @Test func anUnreadChunkedBodyThatIsNotHereEndsTheConnection() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send(post("/ignore", "Transfer-Encoding: chunked") + "5\r\nhel")
            #expect(client.response()?["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func brokenFramingIs400WhateverTheHandlerAnswers(_ wire: Wire) async throws {
        try await TestServer.run(
            over: wire,
            handler: { request in
                _ = try? await request.body.collect(upTo: 100)
                return Response(status: 200)
            }
        ) { server in
            let client = try server.connect()
            client.send(post("/", "Transfer-Encoding: chunked") + "+5\r\nhello\r\n0\r\n\r\n")
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aBodyThatEndsTooEarlyIs400(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send(post("/echo", "Content-Length: 10") + "hello")
            client.finishSending()
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
        }
    }

    @Test func aBodyCanBeHadOnce() async throws {
        try await TestServer.run(handler: { request in
            let first = try? await request.body.collect(upTo: 100)
            do throws(BodyError) {
                _ = try await request.body.collect(upTo: 100)
                return Response(status: 500)
            } catch {
                return Response(status: error == .unavailable ? 200 : 500, body: first ?? [])
            }
        }) { server in
            let client = try #require(TestClient(server.port))
            client.send(post("/", "Content-Length: 2") + "hi")
            #expect(client.response()?.text == "hi")
        }
    }

    @Test func aConnectionHoldsLittleBeforeItsBodyIsAskedFor() async throws {
        let gate = Gate()
        try await TestServer.run(handler: { request in
            await gate.passed()
            return Response(status: (try? await request.body.collect(upTo: 1 << 30))?.count == 1 << 24 ? 200 : 500)
        }) { server in
            let client = try #require(TestClient(server.port))
            let padding = "X: " + String(repeating: "x", count: 30_000)
            client.send(post("/", "Content-Length: \(1 << 24)", padding))
            let body = [UInt8](repeating: 120, count: 1 << 24)
            let sent = client.sendUntilFull(body, quietMilliseconds: 100)
            let held = await server.onLoop { $0.connections.map(\.heldBytes).max() ?? 0 }
            #expect(held <= 64 * 1024)
            gate.open()
            client.send(Array(body[sent...]))
            #expect(client.response()?.status == 200)
        }
    }
}
