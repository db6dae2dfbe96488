import Testing

@testable import HTTPServer

/// HTTP/1.0, as nginx and HAProxy's health checks speak it unless they are told otherwise: one request a connection.
@Suite struct HTTP10Tests {
    @Test func aHostMayBeMissingAndIsJudgedWhereItIsThere() {
        #expect(parse("GET /a HTTP/1.0\r\n\r\n").heads.map(\.host) == [""])
        #expect(parse("GET /a HTTP/1.0\r\nHost: h:1\r\n\r\n").heads.map(\.host) == ["h:1"])
        #expect(parse("GET http://t/a HTTP/1.0\r\n\r\n").heads.map(\.host) == ["t"])
        #expect(verdict("GET /a HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == .badRequest)
        #expect(verdict("GET /a HTTP/1.0\r\nHost: a/b\r\n\r\n") == .badRequest)
        #expect(verdict("GET /a HTTP/1.1\r\n\r\n") == .badRequest)
    }

    @Test func aBodyHasALengthOrIsNone() {
        let seen = parse("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
        #expect(seen.rejection == nil && seen.bodies == [Array("hello".utf8)])
        #expect(parse("POST / HTTP/1.0\r\n\r\n").heads.map(\.framing) == [HeadFacts.Framing.none])
        #expect(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == .badRequest)
    }

    @Test func itIsTheConnectionsLastWhateverItSays() {
        for field in ["", "Connection: keep-alive\r\n", "Keep-Alive: timeout=5\r\n"] {
            #expect(parse("GET / HTTP/1.0\r\n\(field)\r\n").heads.map(\.isLast) == [true])
        }
    }

    @Test(arguments: Wire.allCases) func itIsAnsweredAndWhatFollowsIsNotRead(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try #require(client.response())
            #expect(response.status == 200 && response.text == "/a")
            #expect(response["connection"] == "close" && response["content-length"] == "2")
            #expect(client.isAtEnd())
        }
    }

    /// Closed at once, what it sends would cost it the answer: the kernel resets a connection with unread bytes.
    @Test(arguments: Wire.allCases) func whoSendsMoreHasTimeToReadTheAnswer(_ wire: Wire) async throws {
        try await TestServer.run(over: wire) { server in
            let client = try server.connect()
            client.send("GET /a HTTP/1.0\r\n\r\n")
            #expect(client.response()?.text == "/a")
            #expect(await server.phase() == .lingering)
            client.send("\r\n")
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func itsBodyIsReadWithoutAnInterimAnswer(_ wire: Wire) async throws {
        try await TestServer.run(
            over: wire,
            handler: { request in
                guard let body = try? await request.body.collect(upTo: 10) else { return Response(status: 413) }
                return Response(status: 200, body: body)
            }
        ) { server in
            let client = try server.connect()
            client.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
            let response = try #require(client.response())
            #expect(response.status == 200 && response.text == "hello")
            #expect(client.isAtEnd())
        }
    }
}
