import Runtime
import Testing

@testable import HTTPServer

@Suite struct DeadlineTests {
    /// A connection that has been answered once. On a busy machine one may be closed as idle before its request went
    /// out: then another.
    private static func connection(to server: TestServer) throws -> TestClient {
        while true {
            let client = try #require(TestClient(server.port))
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            guard let response = client.response() else { continue }
            #expect(response.status == 200)
            return client
        }
    }

    @Test(arguments: Wire.allCases) func aHeadThatIsNotCompleteInTimeIs408(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.headDeadline = .milliseconds(100) }) { server in
            let client = try server.connect()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            #expect(client.response()?.status == 408)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func steadyBytesDoNotExtendTheDeadlineOfAHead(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.headDeadline = .milliseconds(200) }) { server in
            let client = try server.connect()
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
            var sent = 0
            while sent < 1000, !client.hasInput(within: 10) {
                client.send("x")
                sent += 1
            }
            #expect(client.response()?.status == 408)
            #expect(sent < 1000)
        }
    }

    @Test(arguments: Wire.allCases) func thePipelinedHeadHasADeadlineToo(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.headDeadline = .milliseconds(100) }) { server in
            let client = try server.connect()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /")
            #expect(client.response()?.status == 200)
            #expect(client.response()?.status == 408)
        }
    }

    @Test(arguments: Wire.allCases) func aBodyUnderTheFloorRateIs408(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.transferGrace = .milliseconds(100) }) { server in
            let client = try server.connect()
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello")
            #expect(client.response()?.status == 408)
            #expect(client.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aBodyOverTheFloorRateMayTakeItsTime(_ wire: Wire) async throws {
        try await TestServer.run(
            over: wire,
            {
                $0.transferGrace = .milliseconds(50)
                $0.floorBytesPerSecond = 100
            }
        ) { server in
            let client = try server.connect()
            // What comes with the head is worth half a minute: more than a busy machine takes for the rest.
            let head = Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n".utf8)
            client.send(head + [UInt8](repeating: 65, count: 3000))
            for _ in 0..<10 {
                #expect(!client.hasInput(within: 20))
                client.send([UInt8](repeating: 65, count: 100))
            }
            #expect(client.response()?.body.count == 4000)
        }
    }

    @Test func anIdleConnectionIsClosedInSilence() async throws {
        try await TestServer.run({ $0.idleTimeout = .milliseconds(100) }) { server in
            let fresh = try #require(TestClient(server.port))
            let used = try Self.connection(to: server)
            #expect(fresh.isAtEnd())
            #expect(used.isAtEnd())
        }
    }

    @Test func aHandlerMayTakeItsTime() async throws {
        let finish = Gate()
        try await TestServer.run(
            {
                $0.idleTimeout = .milliseconds(20)
                $0.headDeadline = .milliseconds(20)
                $0.transferGrace = .milliseconds(20)
            },
            handler: { _ in
                await finish.passed()
                return Response(status: 200)
            }
        ) { server in
            var client = try #require(TestClient(server.port))
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            // A busy machine may let a connection grow old before its request goes out: then another one.
            while await server.onLoop({ $0.statistics.requests }) == 0, client.hasInput(within: 10) {
                client = try #require(TestClient(server.port))
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            #expect(!client.hasInput(within: 150))
            finish.open()
            #expect(client.response()?.status == 200)
        }
    }

    @Test(arguments: Wire.allCases) func aClientThatDoesNotReadIsCutOff(_ wire: Wire) async throws {
        try await TestServer.run(
            over: wire,
            {
                $0.transferGrace = .milliseconds(100)
                $0.floorBytesPerSecond = 100_000_000
            }, handler: { _ in Response(status: 200, body: [UInt8](repeating: 65, count: 16 << 20)) }
        ) { server in
            let client = try server.connect(receiveBuffer: 4096)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = client.hasInput(within: 60_000)
            while await server.onLoop({ $0.statistics.openConnections }) > 0 { _ = client.hasInput(within: 1) }
            #expect(client.response() == nil)
        }
    }

    @Test(arguments: Wire.allCases) func aPeerThatDoesNotCloseIsClosedAfterTheLinger(_ wire: Wire) async throws {
        try await TestServer.run(over: wire, { $0.lingerTimeout = .milliseconds(50) }) { server in
            let client = try server.connect()
            client.send("bad\r\n")
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
            while await server.onLoop({ $0.statistics.openConnections }) > 0 { await Task.yield() }
        }
    }
}
