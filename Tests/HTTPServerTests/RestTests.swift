import Runtime
import Testing

@testable import HTTPServer

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite struct RestTests {
    /// Answers `/no` with a refusal, and counts what it is asked.
    private static func refusing(_ request: Request) -> Response {
        var response = Response(status: request.head.path.elementsEqual("/no".utf8) ? 503 : 200)
        response.rests = response.status == 503
        return response
    }

    /// Whether its connection is there and no request waits.
    private static let holdsNothing: @Sendable (HTTPServer) -> Bool = { server in
        server.connections.first.map { $0.held == nil } ?? false
    }

    @Test func afterARefusalTheNextRequestWaits() async throws {
        // The rest is over when the test says so: at a time that has come, as the timer would find it.
        try await TestServer.run({ $0.restTime = .seconds(3_600) }, handler: { RestTests.refusing($0) }) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n" + get)
            #expect(client.response()?.status == 503)
            #expect(await server.phase() == .resting)
            #expect(await server.onLoop { $0.statistics.requests } == 1)
            await server.onLoop { $0.wakeRested(.max - 1) }
            #expect(client.response()?.status == 200, "what came meanwhile is answered then")
            #expect(await server.phase() == .idle)
        }
    }

    @Test func whatMayNotWaitIsAnsweredAtOnce() async throws {
        try await TestServer.run(
            {
                $0.restTime = .seconds(3_600)
                $0.mayWait = { !$0.elementsEqual("/urgent".utf8) }
            }, handler: { RestTests.refusing($0) }
        ) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\nGET /urg")
            #expect(client.response()?.status == 503)
            client.send("ent HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.response()?.status == 200)
            #expect(await server.onLoop { $0.resting.count } == 0)
            // The rest is over, so what follows does not wait either.
            client.send(get)
            #expect(client.response()?.status == 200)
        }
    }

    @Test func onlySoManyDoNotWait() async throws {
        try await TestServer.run(
            {
                $0.restTime = .seconds(3_600)
                $0.mayWait = { _ in false }
            }, handler: { RestTests.refusing($0) }
        ) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.response()?.status == 503)
            // The tick that gives places back is not to come meanwhile.
            await server.onLoop { server in
                server.restTimer?.cancel()
                server.urgentLeft = 0
            }
            client.send(get)
            while await server.onLoop(Self.holdsNothing) { await Task.yield() }
            await server.onLoop { $0.wakeRested(.max - 1) }
            #expect(client.response()?.status == 200)
            #expect(await server.onLoop { $0.urgentLeft } == Limits.restedAtOnce)
        }
    }

    @Test func aRequestKnowsHowLongItWaited() async throws {
        try await TestServer.run(
            { $0.restTime = .seconds(3_600) },
            handler: { request in
                var response = RestTests.refusing(request)
                if request.head.waited > .zero { response.status = 201 }
                return response
            }
        ) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n" + get)
            #expect(client.response()?.status == 503)
            let hasPassed: @Sendable (HTTPServer) -> Bool = { server in
                (server.connections.first?.held?.since ?? .max) < server.loop.turnMilliseconds
            }
            while await !server.onLoop(hasPassed) { await Task.yield() }
            await server.onLoop { $0.wakeRested(.max - 1) }
            #expect(client.response()?.status == 201)
        }
    }

    @Test func whoLeavesWhileItsRequestWaitsLeavesNothing() async throws {
        try await TestServer.run({ $0.restTime = .seconds(3_600) }, handler: { RestTests.refusing($0) }) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n" + get)
            #expect(client.response()?.status == 503)
            while await server.onLoop(Self.holdsNothing) { await Task.yield() }
            client.close()
            await server.becomesEmpty()
            #expect(await server.onLoop { $0.statistics.requests } == 1, "nobody is there to be answered")
            #expect(await server.onLoop { $0.resting.count } == 0)
            #expect(await server.onLoop { $0.restTimer == nil })
        }
    }

    @Test func theRestEndsByItself() async throws {
        try await TestServer.run({ $0.restTime = .milliseconds(5) }, handler: { RestTests.refusing($0) }) { server in
            let client = try #require(TestClient(server.port))
            for _ in 0..<3 {
                client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(client.response()?.status == 503)
            }
            client.send(get)
            #expect(client.response()?.status == 200)
        }
    }

    @Test func aBodyThatNobodyReadDoesNotSpareTheRest() async throws {
        try await TestServer.run({ $0.restTime = .seconds(3_600) }, handler: { RestTests.refusing($0) }) { server in
            let client = try #require(TestClient(server.port))
            client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
            #expect(client.response()?.status == 503)
            #expect(await server.phase() == .draining)
            client.send("ab" + get)
            while let phase = await server.phase(), phase != .resting { await Task.yield() }
            #expect(await server.phase() == .resting)
            #expect(await server.onLoop { $0.statistics.requests } == 1)
        }
    }

    @Test func aRestingConnectionMakesRoomAndEnds() async throws {
        try await TestServer.run(
            {
                $0.restTime = .seconds(3_600)
                $0.connectionLimit = 1
            }, handler: { RestTests.refusing($0) }
        ) { server in
            let client = try #require(TestClient(server.port))
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.response()?.status == 503)
            let next = try #require(TestClient(server.port))
            next.send(get)
            #expect(next.response()?.status == 200)
            #expect(client.isAtEnd())
        }
    }

    @Test func requestsSayWhenOnlyReservedConnectionsRemain() async throws {
        let finish = Gate()
        try await TestServer.run(
            {
                $0.connectionLimit = 3
                $0.reservedConnections = 1
            },
            handler: { request in
                var response = Response(status: request.head.isCrowded ? 503 : 200)
                response.closes = request.head.isCrowded
                if !request.head.isCrowded { await finish.passed() }
                return response
            }
        ) { server in
            let clients = try (0..<2).map { _ in try #require(TestClient(server.port)) }
            for client in clients { client.send(get) }
            while await server.onLoop({ $0.statistics.requests }) < 2 { await Task.yield() }
            for _ in 0..<3 {
                let third = try #require(TestClient(server.port))
                third.send(get)
                #expect(third.response()?.status == 503)
                #expect(third.isAtEnd())
                third.close()
                // One more than the limit would be refused unread.
                while await server.onLoop({ $0.statistics.openConnections }) > 2 { await Task.yield() }
            }
            finish.open()
            for client in clients { #expect(client.response()?.status == 200) }
            let later = try #require(TestClient(server.port))
            later.send(get)
            #expect(later.response()?.status == 200, "an idle one made room")
        }
    }
}
