import Runtime
import TLS
import Testing

@testable import HTTPServer

/// What is agreed on, and with whom nothing is.
@Suite struct TLSHandshakeTests {
    private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [(TLSEndpoint.Version.tls12, "TLSv1.2"), (.tls13, "TLSv1.3")])
    func bothVersionsAreServed(_ newest: TLSEndpoint.Version, _ name: String) async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect(.init(newest: newest))
            #expect(client.tls?.version == name)
            #expect(client.tls?.chosenProtocol == "http/1.1")
            #expect(client.tls?.serverName == "first")
            for _ in 0..<3 {
                client.send(get)
                #expect(client.response()?.text == "/a")
            }
            #expect(await server.onLoop { $0.statistics.handshakes } == 1)
        }
    }

    /// However many there were before, to tell of one goes as deep.
    @Test func toTellOfOneTakesNoMoreAfterMany() throws {
        let tls = CurrentTLS(try TLSFixture.context(TLSFixture.first.get()))
        let depths = Locked<[Int]>([])
        tls.observe { _ in
            var here: UInt8 = 0
            let place = unsafe withUnsafeMutablePointer(to: &here) { Int(bitPattern: $0) }
            depths.withValue { $0.append(place) }
        }
        for _ in 0..<1_000 { tls.ended(.done) }
        let found = depths.withValue { $0 }
        #expect(found.count == 1_000 && Set(found).count == 1)
    }

    @Test func anRSACertificateIsServedToo() async throws {
        let context = try TLSFixture.context(TLSFixture.rsa.get())
        for newest in TLSEndpoint.Version.current {
            let pair = TLSPair(context, .init(newest: newest))
            #expect(pair.handshake())
        }
    }

    @Test(arguments: [TLSEndpoint.Version.tls10, .tls11]) func oldVersionsAreRefused(_ newest: TLSEndpoint.Version)
        async throws
    {
        try await TestServer.run(over: .tls) { server in
            let client = try #require(TestClient(server.port))
            #expect(!client.secure(.init(newest: newest, isLax: true)))
            client.close()
            await server.becomesEmpty()
            #expect(await server.onLoop { $0.statistics.failedHandshakes } == 1)
        }
    }

    @Test(arguments: [
        "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-SHA", "AES128-SHA", "ECDHE-ECDSA-AES128-CCM8", "AECDH-AES128-SHA",
    ]) func otherSuitesAreRefused(_ suite: String) throws {
        for text in [TLSFixture.first, TLSFixture.rsa] {
            let context = try TLSFixture.context(text.get())
            let pair = TLSPair(context, .init(newest: .tls12, suites: suite, isLax: true))
            #expect(!pair.handshake())
            #expect(!pair.isSecured)
        }
    }

    @Test func theServersOrderCountsButForWhoPrefersChaCha20() throws {
        let context = try TLSFixture.context(TLSFixture.first.get())
        let (aes128, aes256) = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
        let chacha = "ECDHE-ECDSA-CHACHA20-POLY1305"
        for (offered, chosen) in [("\(aes256):\(aes128):\(chacha)", aes128), ("\(chacha):\(aes128)", chacha)] {
            let pair = TLSPair(context, .init(newest: .tls12, suites: offered))
            #expect(pair.handshake())
            #expect(pair.client.suite == chosen)
        }
    }

    @Test func onlyHTTP1IsChosen() throws {
        let context = try TLSFixture.context(TLSFixture.first.get())
        let cases: [([String], Bool, String?)] = [
            ([], true, nil), (["http/1.1"], true, "http/1.1"), (["h2", "http/1.1"], true, "http/1.1"),
            (["h2"], false, nil), (["http/1.0", "http/1.1x", "ttp/1.1"], false, nil),
        ]
        for (offered, isTaken, chosen) in cases {
            let pair = TLSPair(context, .init(protocols: offered))
            #expect(pair.handshake() == isTaken, "\(offered)")
            if isTaken { #expect(pair.client.chosenProtocol == chosen) }
        }
    }

    // MARK: Sessions

    @Test(arguments: TLSEndpoint.Version.current) func aSessionIsResumed(_ newest: TLSEndpoint.Version) async throws {
        try await TestServer.run(over: .tls) { server in
            let first = try server.connect(.init(newest: newest))
            first.send(get)
            #expect(first.response()?.text == "/a")
            #expect(first.tls?.isResumed == false)
            let again = try server.connect(.init(newest: newest, session: first.tls?.session))
            #expect(again.tls?.isResumed == true)
            again.send(get)
            #expect(again.response()?.text == "/a")
        }
    }

    @Test(arguments: TLSEndpoint.Version.current)
    func aTicketOfAnotherContextMeansAFullHandshake(_ newest: TLSEndpoint.Version) throws {
        let text = try TLSFixture.first.get()
        let session = try session(of: TLSFixture.context(text), newest)
        let pair = TLSPair(try TLSFixture.context(text), .init(newest: newest, session: session))
        #expect(pair.handshake())
        #expect(!pair.client.isResumed)
    }

    @Test(arguments: TLSEndpoint.Version.current) func changedTicketsMeanAFullHandshake(_ newest: TLSEndpoint.Version)
        throws
    {
        let context = try TLSFixture.context(TLSFixture.first.get())
        let session = try session(of: context, newest)
        let plain = TLSEndpoint(.init(newest: newest, session: session))
        _ = plain.handshake()
        let hello = plain.take()
        // Wherever one byte of the hello is another, the server neither resumes by mistake nor breaks.
        for index in hello.indices {
            let pair = TLSPair(context, .init(newest: newest, session: session))
            var changed = hello
            changed[index] ^= 0x55
            pair.feed(changed)
            #expect(!pair.isSecured)
        }
    }

    private func session(of context: TLSContext, _ newest: TLSEndpoint.Version) throws -> TLSEndpoint.Session? {
        let pair = TLSPair(context, .init(newest: newest))
        try #require(pair.handshake())
        // A ticket of TLS 1.3 comes behind the handshake.
        #expect(pair.client.read() == .wantsMore)
        return pair.client.session
    }

    // MARK: No TLS

    @Test func garbageIsAnsweredByAnAlertAndTheEnd() async throws {
        try await TestServer.run(over: .tls) { server in
            for garbage in ["\0\0\0\0\0\0\0\0", "\u{16}\u{3}\u{1}garbage of all kinds", "SSH-2.0-OpenSSH_9.2\r\n"] {
                let client = try #require(TestClient(server.port))
                client.sendRaw(Array(garbage.utf8))
                while let bytes = client.receiveRaw(), !bytes.isEmpty { #expect(bytes.first == 21, "an alert") }
                client.close()
            }
            await server.becomesEmpty()
            #expect(await server.onLoop { $0.statistics.failedHandshakes } == 3)
        }
    }

    @Test func plainHTTPIsToldSoInTheClear() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try #require(TestClient(server.port))
            client.send(get)
            #expect(client.response()?.status == 400)
            #expect(client.isAtEnd())
            #expect(await server.onLoop { $0.statistics.requests } == 0)
        }
    }

    /// All that a client sends until it is secured, with the server's answers: fit for one connection.
    private func cut(_ server: TestServer, after count: Int, _ newest: TLSEndpoint.Version) throws -> Bool {
        let client = try #require(TestClient(server.port))
        let endpoint = TLSEndpoint(.init(newest: newest))
        var left = count
        while true {
            let status = endpoint.handshake()
            let records = endpoint.take()
            client.sendRaw(Array(records.prefix(left)))
            if records.count > left { return false }
            left -= records.count
            if status != nil { return status == true }
            guard let bytes = client.receiveRaw(), !bytes.isEmpty else { return false }
            endpoint.put(bytes)
        }
    }

    @Test(arguments: TLSEndpoint.Version.current) func aHandshakeCutAnywhereIsForgotten(_ newest: TLSEndpoint.Version)
        async throws
    {
        try await TestServer.run(over: .tls) { server in
            var count = 0
            while try !cut(server, after: count, newest) { count += 1 }
            #expect(count > 200)
            await server.becomesEmpty()
            let client = try server.connect()
            client.send(get)
            #expect(client.response()?.text == "/a")
        }
    }

    @Test(arguments: TLSEndpoint.Version.current) func aHandshakeMayComeInAnyPieces(_ newest: TLSEndpoint.Version)
        throws
    {
        let context = try TLSFixture.context(TLSFixture.first.get())
        for size in 1..<40 {
            let pair = TLSPair(context, .init(newest: newest))
            while !pair.isSecured {
                let status = pair.client.handshake()
                #expect(status != false)
                var records = pair.client.take()[...]
                while !records.isEmpty {
                    pair.feed(Array(records.prefix(size)))
                    records = records.dropFirst(size)
                }
            }
            #expect(pair.client.handshake() == true)
        }
    }

    // MARK: After it

    @Test func renegotiationIsRefused() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect(.init(newest: .tls12))
            client.tls?.askForRenegotiation()
            _ = client.tls?.handshake()
            client.sendRaw(client.tls?.take() ?? [])
            // The refusal is an alert; OpenSSL's client takes it for the end.
            #expect(client.response() == nil)
            #expect(await server.onLoop { $0.statistics.handshakes } == 1)
        }
    }

    @Test func whoAsksForNewKeysWithoutEndAndDoesNotReadIsCutOff() async throws {
        try await TestServer.run(over: .tls) { server in
            let client = try server.connect(receiveBuffer: 2048)
            var isOpen = true
            while isOpen {
                client.tls?.askForNewKeys()
                isOpen = client.send([10])
            }
            await server.becomesEmpty()
        }
    }
}
