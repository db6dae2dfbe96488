import Runtime
import Testing

@testable import HTTPServer

@Suite struct ServerTests {
    private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func aRequestIsAnsweredAndTheConnectionServesTheNext() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            for _ in 0..<3 {
                client.send(get)
                let response = try #require(client.response())
                #expect(response.status == 200)
                #expect(response.text == "/a")
                #expect(response["x-request-id"] == TestServer.requestId)
                #expect(response["date"] == "Sun, 06 Nov 1994 08:49:37 GMT")
                #expect(response["connection"] == nil)
            }
        }
    }

    @Test func connectionCloseIsObeyedAndSaid() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(client.response()?["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func theHandlerSeesTheHead() async throws {
        try await TestServer.run(handler: { request in
            let head = request.head
            let parts = [
                Array(head.path), Array(head.query ?? []), Array(head.host), Array(head.headers["x-a"] ?? []),
                head.requestId, head.peer.octets.map { $0 },
            ]
            return Response(status: 200, body: Array(parts.joined(separator: [0x7C])))
        }) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /p?q HTTP/1.1\r\nHost: h:1\r\nX-A: b\r\n\r\n")
            #expect(client.response()?.text == "/p|q|h:1|b|\(TestServer.requestId)|\u{7f}\0\0\u{1}")
        }
    }

    @Test func aThousandPipelinedRequestsAreAnsweredInOrder() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send((0..<1000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<1000 { #expect(client.response()?.text == "/\(number)") }
        }
    }

    @Test(arguments: Wire.allCases) func pipelinedBodiesStayWithTheirRequests(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            var sent = ""
            for number in 0..<200 {
                sent += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(100 + number)"
                sent += "POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\n"
            }
            client.send(sent)
            for number in 0..<200 {
                #expect(client.response()?.text == "\(100 + number)")
                #expect(client.response()?.status == 200)
            }
        }
    }

    @Test func aClientThatPipelinesWithoutReadingIsHeldBackAndLosesNothing() async throws {
        try await TestServer.run(handler: { _ in Response(status: 200, body: [UInt8](repeating: 65, count: 4000)) }) {
            server in
            let client = try #require(TestClient(server.port, receiveBuffer: 4096))
            let requests = Array(String(repeating: get, count: 5000).utf8)
            let sent = client.sendUntilFull(requests, quietMilliseconds: 100)
            let held = await server.onLoop { $0.connections.map(\.heldBytes).max() ?? 0 }
            #expect(held <= 256 * 1024)
            let whole = sent / get.utf8.count
            for _ in 0..<whole { try #require(client.response()?.body.count == 4000) }
        }
    }

    @Test func aRequestInSinglePiecesIsAnswered() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            for byte in Array(
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n".utf8)
            {
                client.send([byte])
            }
            #expect(client.response()?.text == "hi")
        }
    }

    @Test(arguments: Wire.allCases) func aResponseToHEADHasNoBody(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n" + get)
            #expect(client.response(withoutBody: true)?["content-length"] == "4")
            #expect(client.response()?.text == "/a")
        }
    }

    @Test func aLargeAnswerArrivesWhole() async throws {
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await TestServer.run(handler: { _ in Response(status: 200, body: body) }) { server in
            let client = try #require(TestClient(server.port, receiveBuffer: 8192))
            client.send(get + get)
            #expect(client.response()?.body == body)
            #expect(client.response()?.body == body)
        }
    }

    /// However many read one large answer slowly: each connection holds a piece of it, and each gets all of it, with
    /// what follows behind it.
    @Test(arguments: Wire.allCases) func slowReadersOfOneAnswerHoldLittleAndLoseNothing(_ wire: Wire) async throws {
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await TestServer.run(
            over: wire,
            handler: { request in
                request.head.path.elementsEqual("/large".utf8)
                    ? Response(status: 200, body: body) : await TestServer.answer(request)
            }
        ) { server in
            let clients = try (0..<8).map { _ in try server.connect(receiveBuffer: 4096) }
            for client in clients { client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + get) }
            for client in clients { #expect(client.hasInput(within: 60_000)) }
            let held = await server.onLoop { $0.connections.map(\.heldBytes) }
            #expect(held.count == 8 && held.allSatisfy { $0 <= 128 * 1024 })
            let pending = await server.onLoop { $0.connections.map(\.stream.pendingBytes) }
            #expect(pending.allSatisfy { $0 > 1_000_000 })
            for client in clients {
                #expect(client.response()?.body == body)
                #expect(client.response()?.status == 200)
            }
        }
    }

    @Test(arguments: Wire.allCases) func aRejectionIsAnsweredWithTheConfiguredBodyAndClosed(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send("GET / HTTP/1.1\r\n\r\n")
            let response = try #require(client.response())
            #expect(response.status == 400)
            #expect(response["content-type"] == "application/problem+json")
            #expect(response["connection"] == "close")
            #expect(response["x-request-id"] == TestServer.requestId)
            #expect(response.text == #"{"status":400,"id":"req_test"}"#)
            #expect(client.isAtEnd())
            #expect(await server.onLoop { $0.statistics.rejections } == [400: 1])
        }
    }

    @Test(arguments: Wire.allCases) func aRejectionComesAfterTheAnswersBeforeItAndEndsThePipeline(_ wire: Wire)
        async throws
    {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send(get + "GET / HTTP/1.1\r\nHost : a\r\n\r\n" + get)
            #expect(client.response()?.status == 200)
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aRejectionReachesAClientThatIsStillSending(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            let junk = String(repeating: "x", count: 500_000)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n" + junk)
            client.finishSending()
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
        }
    }

    @Test func aRejectedHEADHasNoBody() async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send("HEAD / HTTP/1.1\r\nA\r\n\r\n")
            #expect(client.response(withoutBody: true)?.status == 400)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: [
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417),
        ("GET /" + String(repeating: "a", count: 9000), 414),
        ("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 40_000), 431),
    ])
    func eachRejectionHasItsStatus(_ text: String, _ status: Int) async throws {
        try await TestServer.run { server in
            let client = try #require(TestClient(server.port))
            client.send(text)
            #expect(client.response()?.status == status)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func anHalfClosedClientGetsAllItsAnswers(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send(get + get)
            client.finishSending()
            #expect(client.response()?.status == 200)
            #expect(client.response()?.status == 200)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aHeadThatEndsInTheMiddleIs400(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send("GET / HTT")
            client.finishSending()
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
        }
    }
}
