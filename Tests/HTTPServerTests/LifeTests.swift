import Runtime
import Testing

@testable import HTTPServer

/// Clients that go, servers that end, and too many of the former.
@Suite struct LifeTests {
    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [true, false]) func theTaskOfAVanishedClientIsCancelled(_ byReset: Bool) async throws {
        let began = Gate()
        let cancelled = Gate()
        try await TestServer.run(handler: { _ in
            await withTaskCancellationHandler {
                began.open()
                await cancelled.passed()
            } onCancel: {
                cancelled.open()
            }
            return Response(status: 200)
        }) { server in
            let client = try #require(TestClient(server.port))
            client.send(get)
            await began.passed()
            if byReset { client.reset() } else { client.close() }
            await cancelled.passed()
            while await server.onLoop({ $0.statistics.openConnections }) > 0 { await Task.yield() }
        }
    }

    @Test func anAnswerMayBeBrokenOff() async throws {
        try await TestServer.run(handler: { request in
            var response = Response(status: 200, contentType: "text/plain", body: Array("0123456789".utf8))
            response.breaking = request.head.query == nil ? .insideBody : .beforeHead
            return response
        }) { server in
            let cut = try #require(TestClient(server.port))
            cut.send(get)
            let text = try #require(cut.readToEnd())
            #expect(text.hasPrefix("HTTP/1.1 200 ") && text.contains("Content-Length: 10\r\n"))
            #expect(text.hasSuffix("\r\n\r\n01234"))
            let silent = try #require(TestClient(server.port))
            silent.send("GET /?a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(silent.isAtEnd())
        }
    }

    @Test(arguments: Wire.allCases) func aClientThatVanishesInItsBodyEndsTheWaitForIt(_ wire: Wire) async throws {
        let began = Gate()
        let lost = Gate()
        try await TestServer.run(
            over: wire,
            handler: { request in
                began.open()
                do throws(BodyError) {
                    _ = try await request.body.collect(upTo: 1000)
                } catch {
                    if error == .lost { lost.open() }
                }
                return Response(status: 200)
            }
        ) { server in
            let client = try server.connect()
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello")
            await began.passed()
            client.reset()
            await lost.passed()
        }
    }

    @Test func drainingAnswersWhatIsInFlightAndAcceptsNothingMore() async throws {
        let began = Gate()
        let finish = Gate()
        try await TestServer.run(handler: { _ in
            began.open()
            await finish.passed()
            return Response(status: 200)
        }) { server in
            let busy = try #require(TestClient(server.port))
            busy.send(get)
            await began.passed()
            let idle = try #require(TestClient(server.port))
            while await server.onLoop({ $0.statistics.openConnections }) < 2 { await Task.yield() }
            let drained = Gate()
            server.loop.spawn {
                await server.server.drain(within: .seconds(10))
                drained.open()
            }
            #expect(idle.isAtEnd())
            #expect(TestClient(server.port) == nil)
            finish.open()
            #expect(busy.response()?["connection"] == "close")
            #expect(busy.isAtEnd())
            busy.close()
            idle.close()
            await drained.passed()
        }
    }

    @Test(arguments: Wire.allCases) func drainingCutsWhatIsNotDoneInTime(_ wire: Wire) async throws {
        let began = Gate()
        let cancelled = Gate()
        try await TestServer.run(
            over: wire,
            handler: { _ in
                await withTaskCancellationHandler {
                    began.open()
                    await cancelled.passed()
                } onCancel: {
                    cancelled.open()
                }
                return Response(status: 200)
            }
        ) { server in
            let client = try server.connect()
            client.send(get)
            await began.passed()
            await server.loop.spawn { await server.server.drain(within: .milliseconds(20)) }.value
            await cancelled.passed()
            #expect(client.response() == nil)
        }
    }

    @Test func anIdleConnectionMakesRoomForANewOne() async throws {
        try await TestServer.run({ $0.connectionLimit = 2 }) { server in
            let first = try #require(TestClient(server.port))
            first.send(get)
            #expect(first.response()?.status == 200)
            let others = (0..<2).map { _ in TestClient(server.port) }
            for other in others {
                other?.send(get)
                #expect(other?.response()?.status == 200)
            }
            #expect(first.isAtEnd())
            #expect(await server.onLoop { $0.statistics.openConnections } == 2)
        }
    }

    @Test func withoutAnIdleConnectionANewOneIs503() async throws {
        let finish = Gate()
        try await TestServer.run(
            { $0.connectionLimit = 1 },
            handler: { _ in
                await finish.passed()
                return Response(status: 200)
            }
        ) { server in
            let first = try #require(TestClient(server.port))
            first.send(get)
            while await server.onLoop({ $0.statistics.requests }) < 1 { await Task.yield() }
            let second = try #require(TestClient(server.port))
            #expect(second.response()?.status == 503)
            finish.open()
            #expect(first.response()?.status == 200)
        }
    }

    /// Its request comes while, and after, it is refused: a reset would take the answer from who has not read it yet.
    @Test func whoIsRefusedAtOnceCanReadThatAfterAllItSent() async throws {
        try await TestServer.run({ $0.connectionLimitPerPeer = 1 }) { server in
            let first = try #require(TestClient(server.port))
            first.send(get)
            #expect(first.response()?.status == 200)
            let second = try #require(TestClient(server.port))
            while await server.onLoop({ $0.rejected503 }) < 1 { await Task.yield() }
            let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
            for _ in 0..<2 {
                #expect(second.send(post + String(repeating: "a", count: 100_000)))
                // The server has read it, or would have sent its reset by now.
                _ = await server.onLoop { _ in }
            }
            let answer = second.response()
            #expect(answer?.status == 503 && answer?["retry-after"] == "1" && answer?["connection"] == "close")
            #expect(second.isAtEnd())
            second.close()
            while await server.onLoop({ $0.partings.count }) > 0 { await Task.yield() }
        }
    }

    @Test func whoIsRefusedAtOnceAndStaysIsCutOff() async throws {
        try await TestServer.run({
            $0.connectionLimitPerPeer = 1
            $0.lingerTimeout = .milliseconds(50)
        }) { server in
            let first = try #require(TestClient(server.port))
            first.send(get)
            #expect(first.response()?.status == 200)
            let others = (0..<Limits.partings + 5).compactMap { _ in TestClient(server.port) }
            #expect(others.last?.response()?.status == 503)
            #expect(await server.onLoop { $0.partings.count } <= Limits.partings)
            while await server.onLoop({ $0.partings.count }) > 0 { await Task.yield() }
            // It is read away up to a bound.
            let last = try #require(TestClient(server.port))
            #expect(last.sendUntilFull([UInt8](repeating: 97, count: 64 << 20), quietMilliseconds: 1_000) < 64 << 20)
        }
    }

    @Test func onePeerHasABoundOfItsOwn() async throws {
        try await TestServer.run({ $0.connectionLimitPerPeer = 1 }) { server in
            let first = try #require(TestClient(server.port))
            first.send(get)
            #expect(first.response()?.status == 200)
            #expect(TestClient(server.port)?.response()?.status == 503)
            first.close()
            while await server.onLoop({ $0.statistics.openConnections }) > 0 { await Task.yield() }
            let third = try #require(TestClient(server.port))
            third.send(get)
            #expect(third.response()?.status == 200)
        }
    }

    @Test func aPortInUseAndAWrongAddressAreErrors() async throws {
        try await TestServer.run { server in
            let port = server.port
            let error = await server.onLoop { server -> TCPError? in
                do throws(TCPError) { try server.listen(address: "127.0.0.1", port: port) } catch { return error }
                return nil
            }
            #expect(error?.isAddressInUse == true)
            for address in ["localhost", "127.0.0.1\0", "", "127.1", "::g"] {
                let error = await server.onLoop { server -> TCPError? in
                    do throws(TCPError) { try server.listen(address: address, port: 0) } catch { return error }
                    return nil
                }
                #expect(error == .invalidAddress)
            }
        }
    }

    @Test func twoServersShareAPort() async throws {
        try await TestServer.run({ $0.sharesPort = true }) { first in
            try await TestServer.run { second in
                let port = first.port
                let shared = await second.onLoop { server -> UInt16? in
                    let sharing = HTTPServer(
                        loop: server.loop, configuration: first.server.configuration, handler: server.handler)
                    defer { server.loop.spawn { await sharing.drain(within: .zero) } }
                    return try? sharing.listen(address: "127.0.0.1", port: port)
                }
                #expect(shared == port)
            }
        }
    }

    /// A machine may be without IPv6; then the system says so, and the address was understood.
    @Test func anIPv6AddressIsUnderstood() async throws {
        try await TestServer.run { server in
            let error = await server.onLoop { server -> TCPError? in
                do throws(TCPError) { try server.listen(address: "::1", port: 0) } catch { return error }
                return nil
            }
            #expect(error != .invalidAddress)
        }
    }
}

extension HTTPServer {
    fileprivate var rejected503: UInt64 { statistics.rejections[503, default: 0] }
}
