import Glibc
import Testing

@testable import HTTPServer
@testable import Runtime

private let get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/// New connections while much is refused.
@Suite struct NewcomerTests {
    /// Refuses what asks for `/no`.
    @Sendable private static func answer(_ request: Request) async -> Response {
        var response = Response(status: request.head.path.elementsEqual("/no".utf8) ? 503 : 200)
        response.rests = response.status == 503
        return response
    }

    /// Much has been refused, and one newcomer waits already; no tick comes meanwhile.
    private static func crowd(_ server: TestServer) async throws -> TestClient {
        let refused = try server.connect()
        refused.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(refused.response()?.status == 503)
        await server.onLoop { server in
            server.restTimer?.cancel()
            server.urgentLeft = 0
            server.resting.noteRefusal(weight: 1_000)
            _ = server.resting.add(newcomer: server.connections[0], weight: 1, server.loop.turnMilliseconds)
        }
        return refused
    }

    private static func waits(_ count: Int) -> @Sendable (HTTPServer) -> Bool {
        { $0.connections.count { $0.phase == .resting && $0.isNewcomer } == count }
    }

    /// As ticks would, in a time that has come.
    private static func letAllBegin(_ server: TestServer) async {
        await server.onLoop { server in
            for time in 1...100 as ClosedRange<UInt64> where server.resting.count > 0 {
                server.wakeRested(.max / 2 + time * Limits.restTickMilliseconds)
            }
        }
    }

    private static func configure(_ configuration: inout HTTPServerConfiguration) {
        configuration.restTime = .seconds(3_600)
    }

    @Test func theirFirstRequestWaitsForItsTurn() async throws {
        try await TestServer.run(Self.configure, handler: Self.answer) { server in
            let refused = try await Self.crowd(server)
            let newcomer = try server.connect()
            newcomer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            newcomer.send("b")
            #expect(await server.onLoop { $0.statistics.requests } == 1)
            await Self.letAllBegin(server)
            #expect(newcomer.response()?.status == 200)
            #expect(newcomer.isAtEnd())
            refused.close()
        }
    }

    @Test func theirSecondRequestDoesNotWait() async throws {
        try await TestServer.run(Self.configure, handler: Self.answer) { server in
            let known = try server.connect()
            known.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(known.response()?.status == 200)
            let refused = try server.connect()
            refused.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(refused.response()?.status == 503)
            await server.onLoop { $0.resting.noteRefusal(weight: 1_000) }
            known.send(get)
            #expect(known.response()?.status == 200)
        }
    }

    @Test func whatMayNotWaitDoesNot() async throws {
        try await TestServer.run(
            {
                Self.configure(&$0)
                $0.mayWait = { !$0.elementsEqual("/urgent".utf8) }
            }, handler: Self.answer
        ) { server in
            let refused = try await Self.crowd(server)
            await server.onLoop { $0.urgentLeft = 1 }
            let newcomer = try server.connect()
            newcomer.send("GET /urgent HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(newcomer.response()?.status == 200)
            #expect(await server.onLoop { $0.urgentLeft } == 0)
            refused.close()
        }
    }

    /// The answer to one who leaves, and whether it was refused because all places were taken: then none is free now.
    @Test(arguments: [(200, false), (404, false), (429, true), (502, false), (503, false), (503, true)])
    func whoWasNotRefusedLeavesItsPlaceAtOnce(_ status: Int, _ isRefused: Bool) async throws {
        try await TestServer.run(
            { $0.mayWait = { !$0.elementsEqual("/urgent".utf8) } },
            handler: { request in
                guard request.head.path.elementsEqual("/urgent".utf8) else { return Response(status: 200) }
                var response = Response(status: status)
                response.rests = isRefused
                return response
            }
        ) { server in
            // No time passes for those who wait, and much has been refused.
            await server.onLoop { server in
                _ = server.resting.take(.max / 2)
                server.resting.noteRefusal(weight: 1_000)
            }
            let newcomer = try server.connect()
            newcomer.send(get)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            await server.onLoop { $0.restTimer?.cancel() }
            let leaving = try server.connect()
            leaving.send("GET /urgent HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(leaving.response()?.status == status)
            if status == 503, isRefused {
                #expect(await server.onLoop(Self.waits(1)))
                newcomer.close()
            } else {
                #expect(newcomer.response()?.status == 200)
            }
        }
    }

    @Test func whoLeavesBeforeItsTurnLeavesNothing() async throws {
        try await TestServer.run(Self.configure, handler: Self.answer) { server in
            let refused = try await Self.crowd(server)
            let newcomer = try server.connect()
            newcomer.send(get)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            #expect(await server.onLoop { $0.waitingConnections } == 2)
            newcomer.close()
            while await server.onLoop({ $0.resting.newcomers }) == 2 { await Task.yield() }
            #expect(await server.onLoop { $0.statistics.requests } == 1)
            refused.close()
        }
    }

    @Test func nobodyIsAcceptedWhileTooManyWait() async throws {
        try await TestServer.run(
            {
                Self.configure(&$0)
                // A quarter of it may wait.
                $0.connectionLimit = 8
            }, handler: Self.answer
        ) { server in
            let refused = try await Self.crowd(server)
            let first = try server.connect()
            first.send(get)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            let others = try (0..<5).map { _ in try server.connect() }
            for other in others { other.send(get) }
            while await server.onLoop({ !$0.listeners[0].isHolding }) { await Task.yield() }
            #expect(await server.onLoop { $0.statistics.acceptedConnections } == 2)
            // Nor does the loop look again and again whether they may be.
            var rests = false
            for _ in 0..<100 where !rests { rests = await server.onLoop { $0.loop.turnEnd.isEmpty } }
            #expect(rests)
            await Self.letAllBegin(server)
            for client in [first] + others { #expect(client.response()?.status == 200) }
            refused.close()
        }
    }

    @Test func whatWasAcceptedIsAnsweredBeforeMoreIs() async throws {
        let accepted = Locked<[UInt64]>([])
        let running = Locked<HTTPServer?>(nil)
        try await TestServer.run(handler: { _ in
            // Handlers run on the loop.
            let now = running.withValue { $0?.statistics.acceptedConnections ?? 0 }
            accepted.withValue { $0.append(now) }
            return Response(status: 200)
        }) { server in
            running.withValue { $0 = server.server }
            let many = Limits.acceptsPerTurn * 4
            let (stands, released) = (Locked(false), Locked(false))
            // The loop stands still until all are in the kernel's queue.
            server.loop.execute {
                stands.withValue { $0 = true }
                while !released.withValue({ $0 }) { sched_yield() }
            }
            while !stands.withValue({ $0 }) { await Task.yield() }
            let clients = (0..<many).compactMap { _ in TestClient(server.port) }
            for client in clients { client.send(get) }
            released.withValue { $0 = true }
            for client in clients { #expect(client.response()?.status == 200) }
            #expect(clients.count == many)
            // Those of a turn are read in the next, which may accept as many.
            #expect(accepted.withValue { $0.first ?? .max } <= UInt64(Limits.acceptsPerTurn * 2 + 1))
            running.withValue { $0 = nil }
        }
    }

    @Test func handshakesFromAWelcomeAddressDoNotWait() async throws {
        try await TestServer.run(
            over: .tls, Self.configure,
            handler: { request in
                var response = await Self.answer(request)
                response.welcomes = response.status == 200
                return response
            }
        ) { server in
            let known = try server.connect()
            known.send(get)
            #expect(known.response()?.status == 200)
            let refused = try await Self.crowd(server)
            await server.onLoop { $0.urgentLeft = Limits.handshakeWeight }
            let next = try server.connect()
            next.send(get)
            #expect(next.response()?.status == 200)
            #expect(await server.onLoop { $0.urgentLeft } == 0)
            // Only so many before the next tick.
            let (last, _) = try Self.knock(server)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            last.close()
            refused.close()
        }
    }

    @Test func onlySoManyAddressesAreWelcome() {
        var welcome = WelcomePeers()
        let peers = (0..<UInt64(Limits.welcomePeers) + 1).map { Peer(PeerAddress(high: 0, low: $0, port: 1)) }
        for peer in peers + peers.dropFirst() { welcome.note(peer) }
        #expect(!welcome.contains(peers[0]))
        #expect(peers.dropFirst().allSatisfy { welcome.contains($0) })
    }

    /// A client that has begun TLS and reads no further.
    private static func knock(_ server: TestServer) throws -> (TestClient, TLSEndpoint) {
        let client = try #require(TestClient(server.port))
        let endpoint = TLSEndpoint(.init())
        _ = endpoint.handshake()
        client.sendRaw(endpoint.take())
        return (client, endpoint)
    }

    @Test func handshakesWaitForTheirTurn() async throws {
        try await TestServer.run(over: .tls, Self.configure, handler: Self.answer) { server in
            let refused = try await Self.crowd(server)
            let (newcomer, _) = try Self.knock(server)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            #expect(!newcomer.hasInput(within: 20))
            await Self.letAllBegin(server)
            #expect(newcomer.hasInput(within: 60_000))
            newcomer.close()
            refused.close()
        }
    }

    @Test func onlySoManyHandshakesAreUnderWay() async throws {
        try await TestServer.run(over: .tls, Self.configure, handler: Self.answer) { server in
            await server.onLoop { $0.handshaking = Limits.handshakesAtOnce }
            // Who says nothing is none.
            let silent = try #require(TestClient(server.port))
            let (client, _) = try Self.knock(server)
            while await !server.onLoop(Self.waits(1)) { await Task.yield() }
            #expect(!client.hasInput(within: 20))
            await server.onLoop { $0.handshaking = 0 }
            #expect(client.hasInput(within: 60_000), "the next tick begins it")
            // It is never done, and after a while does not count any more.
            while await server.onLoop({ $0.handshaking }) > 0 { await Task.yield() }
            #expect(await server.onLoop { $0.connections.count } == 2)
            client.close()
            silent.close()
            await server.becomesEmpty()
            #expect(await server.onLoop { $0.handshaking } == 0)
        }
    }

    @Test func aHandshakeCountsUntilItIsDoneOrGivenUp() async throws {
        try await TestServer.run(over: .tls, Self.configure, handler: Self.answer) { server in
            for isDone in [true, false] {
                let client = isDone ? try server.connect() : try Self.knock(server).0
                if !isDone { #expect(client.hasInput(within: 60_000)) }
                client.close()
                await server.becomesEmpty()
                #expect(await server.onLoop { $0.handshaking } == 0)
                #expect(await server.onLoop { $0.resting.asking } == 0)
            }
        }
    }

    /// Those who ask for room keep others from it only until it is known whether there is some, or they take long.
    @Test(arguments: [Wire.plain, .tls]) func whoAsksForRoomDoesNotKeepIt(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, Self.configure, handler: Self.answer) { server in
            for path in ["/", "/no"] {
                let client = try server.connect()
                client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(client.response()?.status == (path == "/" ? 200 : 503))
                #expect(await server.onLoop { $0.resting.asking } == 0)
                client.close()
            }
            // Nothing is asked for through it, and it stays.
            let silent = try server.connect()
            while await server.onLoop({ $0.resting.asking }) > 0 { await Task.yield() }
            silent.close()
        }
    }
}
