import Runtime
import TLS
import Testing

@testable import HTTPServer

/// Requests and answers through TLS, and how connections end.
@Suite struct TLSTransferTests {
    private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    private func post(_ length: Int) -> String { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n" }

    @Test(arguments: TLSEndpoint.Version.current) func aMebibyteGoesUpAndDown(_ newest: TLSEndpoint.Version)
        async throws
    {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect(.init(newest: newest))
            var random = SeededGenerator(seed: 7)
            let body = (0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
            for _ in 0..<2 {
                client.send(Array(post(body.count).utf8) + body)
                #expect(client.response()?.body == body)
            }
        }
    }

    /// An answer that is 100 times what sockets hold is encrypted as the client reads it.
    @Test func aSlowReaderHoldsLittleMemoryAndGetsAll() async throws {
        let size = 32 << 20
        try await TestServer.run(
            over: .tls, handler: { _ in Response(status: 200, body: [UInt8](repeating: 65, count: size)) }
        ) { server in
            let client = try server.connect(receiveBuffer: 4096)
            client.send(get)
            #expect(client.hasInput(within: 60_000))
            let held = await server.onLoop { $0.connections.map(\.heldBytes).max() ?? 0 }
            #expect(held < 512 * 1024)
            let response = try #require(client.response())
            #expect(response.body.count == size && response.body.allSatisfy { $0 == 65 })
        }
    }

    @Test func requestsOfOneRecordAreAnsweredInOrder() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            client.send((0..<300).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<300 { #expect(client.response()?.text == "/\(number)") }
        }
    }

    @Test func aRequestMayComeInRecordsOfOneByte() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            for byte in Array((post(5) + "hello").utf8) { client.send([byte]) }
            #expect(client.response()?.text == "hello")
        }
    }

    // MARK: The end

    @Test func connectionCloseEndsWithCloseNotify() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(client.response()?["connection"] == "close")
            // Without close_notify the end would be a failure.
            #expect(client.isAtEnd())
        }
    }

    @Test func aDrainEndsWithCloseNotify() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            client.send(get)
            #expect(client.response()?.status == 200)
            let begun = try #require(TestClient(server.port))
            while await server.onLoop({ $0.statistics.openConnections }) < 2 { await Task.yield() }
            async let drained: Void = server.loop.spawn { await server.server.drain(within: .seconds(10)) }.value
            #expect(client.isAtEnd())
            #expect(begun.receiveRaw()?.isEmpty == true)
            client.close()
            await drained
        }
    }

    /// The last byte of a body is missing, whether its sender says so or only goes.
    @Test(arguments: [true, false]) func aBodyCutShortIsNoRequest(_ byCloseNotify: Bool) async throws {
        let lost = Gate()
        try await TestServer.run(
            over: .tls,
            handler: { request in
                do throws(BodyError) {
                    _ = try await request.body.collect(upTo: 1000)
                    Issue.record("the body was taken for whole")
                } catch {
                    #expect(error == .lost)
                    lost.open()
                }
                return Response(status: 200)
            }
        ) { server in
            let client = try server.connect()
            client.send(post(6) + "hello")
            if byCloseNotify {
                client.tls?.sendCloseNotify()
                client.sendRaw(client.tls?.take() ?? [])
                #expect(client.response()?.status == 400)
            } else {
                client.close()
            }
            await lost.passed()
        }
    }

    @Test func whoEndsItsSideStillGetsItsAnswers() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            client.send(get + get)
            client.finishSending()
            #expect(client.response()?.status == 200)
            #expect(client.response()?.status == 200)
            #expect(client.isAtEnd())
        }
    }

    @Test func whatComesAfterCloseNotifyIsIgnored() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect()
            client.send(get)
            client.tls?.sendCloseNotify()
            var records = client.tls?.take() ?? []
            // The same bytes again, in the clear and as garbage of the right form.
            records += Array(get.utf8) + [23, 3, 3, 0, 5, 1, 2, 3, 4, 5]
            client.sendRaw(records)
            #expect(client.response()?.status == 200)
            client.close()
            await server.becomesEmpty()
            #expect(await server.onLoop { $0.statistics.requests } == 1)
        }
    }

    // MARK: Attacks

    /// One byte of a record is another: the request in it never reaches the parser.
    @Test(arguments: TLSEndpoint.Version.current) func aChangedRecordIsNeverRead(_ newest: TLSEndpoint.Version) throws {
        let context = try TLSFixture.context(TLSFixture.first.get())
        var index = 0
        while true {
            let pair = TLSPair(context, .init(newest: newest))
            #expect(pair.handshake())
            pair.client.write(Array(get.utf8))
            var records = pair.client.take()
            if index == records.count { break }
            records[index] ^= 1
            pair.feed(records)
            // A length that grew waits for more.
            pair.feed([UInt8](repeating: 0, count: 1 << 15))
            #expect(pair.received.isEmpty, "byte \(index)")
            #expect(pair.end == .broken(isPlainHTTP: false), "byte \(index)")
            index += 1
        }
        #expect(index > get.utf8.count)
    }

    @Test func aRecordSentAgainIsRefused() throws {
        let pair = TLSPair(try TLSFixture.context(TLSFixture.first.get()))
        #expect(pair.handshake())
        pair.client.write(Array(get.utf8))
        let records = pair.client.take()
        pair.feed(records)
        pair.feed(records)
        #expect(pair.received == Array(get.utf8))
        #expect(pair.end == .broken(isPlainHTTP: false))
    }

    @Test func randomRecordsBreakTheSessionAndNothingElse() throws {
        let context = try TLSFixture.context(TLSFixture.first.get())
        var random = SeededGenerator(seed: 11)
        for round in 0..<400 {
            let pair = TLSPair(context)
            if round % 8 == 0 { #expect(pair.handshake()) }
            _ = pair.client.handshake()
            var records = pair.client.take()
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let kind = [20, 21, 22, 23, 24, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random)
                let length = Int.random(in: 0...600, using: &random)
                records += [
                    kind ?? 22, 3, UInt8.random(in: 0...4, using: &random), UInt8(length >> 8), UInt8(length & 255),
                ]
                records += (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            if !records.isEmpty, Bool.random(using: &random) {
                records[Int.random(in: 0..<records.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            pair.feed(records)
            #expect(pair.received.isEmpty)
        }
    }

    // MARK: Limits

    @Test func aHandshakeHasADeadline() async throws {
        try await TestServer.run(over: .tls, { $0.handshakeDeadline = .milliseconds(100) }) { server in
            let silent = try #require(TestClient(server.port))
            let slow = try #require(TestClient(server.port))
            let endpoint = TLSEndpoint()
            _ = endpoint.handshake()
            for byte in endpoint.take() where !slow.hasInput(within: 1) { slow.sendRaw([byte]) }
            #expect(silent.receiveRaw()?.isEmpty == true)
            // Nothing but the end, or a reset where a byte came after it.
            #expect(slow.receiveRaw()?.isEmpty ?? true)
            await server.becomesEmpty()
        }
    }

    /// Whoever begins handshakes and ends none keeps nobody out.
    @Test func handshakesCountAndMakeRoom() async throws {
        try await TestServer.run(over: .tls, { $0.connectionLimit = 2 }) { server in
            let silent = [try #require(TestClient(server.port)), try #require(TestClient(server.port))]
            while await server.onLoop({ $0.statistics.openConnections }) < 2 { await Task.yield() }
            let client = try server.connect()
            client.send(get)
            #expect(client.response()?.status == 200)
            #expect(silent.filter { !$0.hasInput(within: 0) }.count == 1)
            #expect(await server.onLoop { $0.statistics.openConnections } == 2)
        }
    }

    @Test func withoutRoomAConnectionEndsBeforeItsHandshake() async throws {
        let finish = Gate()
        try await TestServer.run(
            over: .tls, { $0.connectionLimit = 1 },
            handler: { _ in
                await finish.passed()
                return Response(status: 200)
            }
        ) { server in
            let first = try server.connect()
            first.send(get)
            while await server.onLoop({ $0.statistics.requests }) < 1 { await Task.yield() }
            let second = try #require(TestClient(server.port))
            #expect(second.receiveRaw()?.isEmpty == true)
            finish.open()
            #expect(first.response()?.status == 200)
        }
    }

    // MARK: Another certificate

    @Test func openConnectionsKeepTheirCertificateAndNewOnesGetTheNew() async throws {
        try await TestServer.run(over: .tls) { server in
            let clients = try (0..<100).map { _ in try server.connect() }
            let begun = try #require(TestClient(server.port))
            while await server.onLoop({ $0.statistics.openConnections }) < 101 { await Task.yield() }
            server.server.configuration.tls?.replace(try TLSFixture.context(TLSFixture.second.get()))
            #expect(try server.connect().tls?.serverName == "second")
            for client in clients {
                client.send(get)
                #expect(client.response()?.text == "/a")
            }
            #expect(begun.secure())
            #expect(begun.tls?.serverName == "first")
        }
    }
}
