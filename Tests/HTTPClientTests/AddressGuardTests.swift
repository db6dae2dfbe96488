import HTTPClient
import Runtime
import Synchronization
import Testing

/// Which addresses are connected to, and that each of the walls in front of a private one stands alone.
@Suite(.timeLimit(.minutes(10))) struct AddressGuardTests {
    private static let loopback = IPAddress.v4(0x7f00_0001)
    private static let elsewhere = IPAddress.v4(0x7f00_0002)

    private func configuration(
        _ answer: @escaping @Sendable () -> Result<[IPAddress], ResolverError>
    ) -> HTTPClientConfiguration {
        var configuration = HTTPClientConfiguration()
        configuration.resolve = { (_, _) throws(ResolverError) in try answer().get() }
        return configuration
    }

    private func publicRequest(port: UInt16, partition: UInt64 = 1) throws -> OutgoingRequest {
        OutgoingRequest(
            method: .post, url: try TargetURL("https://hooks.example.com:\(port)/".utf8),
            policy: .publicOnly(ports: [port]), partition: partition)
    }

    @Test func anyForbiddenAddressAmongTheAnswersRefusesTheRequest() async throws {
        let server = LoopbackServer { _ in }
        defer { server.stop() }
        let good = IPAddress.v4(0xc612_0001 ^ 0x0100_0000)
        let isLoopback = AddressRefusal(address: AddressGuardTests.loopback, rule: .block(.loopback))
        let table: [([IPAddress], AddressRefusal)] = [
            ([AddressGuardTests.loopback], isLoopback), ([good, AddressGuardTests.loopback], isLoopback),
            ([], AddressRefusal(address: nil, rule: .noAddress)),
        ]
        for (answer, refusal) in table {
            let request = try publicRequest(port: server.port)
            let error = try await withClient(configuration { .success(answer) }) { client in
                await failure { () async throws(ClientError) in try await client.send(request) }
            }
            #expect(error == .addressRefused(refusal))
            #expect(error?.mayHaveReachedPeer == false)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func aPrivateAddressThatWasNeverJudgedIsRefusedWhenItsSocketIsOpened() async throws {
        let server = LoopbackServer { _ in }
        defer { server.stop() }
        let request = try publicRequest(port: server.port)
        let error = try await withLoop { loop in
            let engine = TransferEngine(loop: loop, configuration: HTTPClientConfiguration())
            defer { engine.close() }
            return await failure { () async throws(ClientError) in
                try await engine.send(request, pinned: [AddressGuardTests.loopback], within: .seconds(50))
            }
        }
        #expect(error?.code == "addressRefused")
        #expect(server.connectionCount == 0)
    }

    @Test func aConnectionThatAnotherPolicyOpenedIsNotReused() async throws {
        // One partition, one host and one port, but the second request may not go to loopback.
        let server = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { server.stop() }
        let url = try TargetURL("http://hooks.example.com:\(server.port)/".utf8)
        try await withLoop { loop in
            let engine = TransferEngine(loop: loop, configuration: HTTPClientConfiguration())
            defer { engine.close() }
            var request = OutgoingRequest(method: .get, url: url, policy: .allowPrivate, partition: 1)
            _ = try await engine.send(request, pinned: [AddressGuardTests.loopback], within: .seconds(50))
            request.policy = .publicOnly
            let error = await failure { [request] () async throws(ClientError) in
                try await engine.send(request, pinned: [AddressGuardTests.loopback], within: .seconds(50))
            }
            #expect(error?.code == "addressRefused")
        }
        #expect(server.connectionCount == 1)
    }

    @Test func theURLsOwnTextIsNeverResolvedNorConnectedTo() async throws {
        // The URL's literal has a server that must not hear anything; the pinned address has none.
        let trap = LoopbackServer { _ in }
        defer { trap.stop() }
        let request = try OutgoingRequest.test(port: trap.port)
        let error = try await withLoop { loop in
            let engine = TransferEngine(loop: loop, configuration: HTTPClientConfiguration())
            defer { engine.close() }
            return await failure { () async throws(ClientError) in
                try await engine.send(request, pinned: [AddressGuardTests.elsewhere], within: .seconds(50))
            }
        }
        #expect(error == .connectFailed)
        #expect(trap.connectionCount == 0)
    }

    @Test func theNameStaysInTheRequestAndTheAddressIsThePinnedOne() async throws {
        let hosts = Mutex<[String?]>([])
        let server = LoopbackServer(address: "127.0.0.2") { peer in
            while let request = peer.readRequest() {
                hosts.withLock { $0.append(request.header("host")) }
                peer.answer()
            }
        }
        defer { server.stop() }
        let request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com")
        let response = try await withClient(configuration { .success([AddressGuardTests.elsewhere]) }) { client in
            try await client.send(request)
        }
        #expect(response.peer == "127.0.0.2")
        #expect(hosts.withLock { $0 } == ["hooks.example.com:\(server.port)"])
    }

    @Test func aDeadAddressIsPassedOverForALiveOne() async throws {
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.answer()
        }
        defer { server.stop() }
        let request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com")
        let answers: [IPAddress] = [.v6(high: 0, low: 1), AddressGuardTests.elsewhere, AddressGuardTests.loopback]
        let response = try await withClient(configuration { .success(answers) }) { try await $0.send(request) }
        #expect(response.peer == "127.0.0.1")
    }

    @Test func anAnswerOfThousandsOfAddressesIsJudgedWholeAndPinnedInPart() async throws {
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.answer()
        }
        defer { server.stop() }
        let request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com")
        let many = [AddressGuardTests.loopback] + (0..<4_000).map { IPAddress.v4(0x0a00_0000 + $0) }
        let response = try await withClient(configuration { .success(many) }) { try await $0.send(request) }
        #expect(response.status == 200)
        let poisoned = many + [.v4(0xa9fe_a9fe)]
        let error = try await withClient(configuration { .success(poisoned) }) { client in
            await failure { () async throws(ClientError) in try await client.send(request) }
        }
        #expect(error?.code == "addressRefused")
    }

    @Test func addressesAreLookedUpOnceForManyRequestsAndJoinedWhileAsking() async throws {
        let lookups = Mutex(0)
        let server = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { server.stop() }
        var configuration = HTTPClientConfiguration()
        configuration.resolve = { (_, _) throws(ResolverError) in
            lookups.withLock { $0 += 1 }
            await Task.yield()
            return [AddressGuardTests.loopback]
        }
        let request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com")
        try await withClient(configuration) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await client.send(request) } }
                try await group.waitForAll()
            }
        }
        #expect(lookups.withLock { $0 } == 1)
    }

    @Test func lookupFailuresHaveTheirOwnReasons() async throws {
        let table: [(ResolverError, ClientError)] = [
            (.notFound, .dnsFailed), (.temporary, .dnsTimeout), (.timeout, .dnsTimeout),
        ]
        let request = try OutgoingRequest.test(port: 9, host: "hooks.example.com")
        for (cause, expected) in table {
            let error = try await withClient(configuration { .failure(cause) }) { client in
                await failure { () async throws(ClientError) in try await client.send(request) }
            }
            #expect(error == expected)
        }
    }

    @Test func policyRefusesURLsBeforeAnyLookup() async throws {
        let lookups = Mutex(0)
        var configuration = HTTPClientConfiguration()
        configuration.resolve = { (_, _) throws(ResolverError) in
            lookups.withLock { $0 += 1 }
            throw .notFound
        }
        let table: [(String, AddressPolicy.URLObjection)] = [
            ("http://example.com/", .notHTTPS), ("https://example.com:22/", .port),
            ("https://8.8.8.8/", .addressLiteral),
        ]
        let errors = try await withClient(configuration) { client in
            var errors: [ClientError?] = []
            for (text, _) in table {
                let request = OutgoingRequest(
                    method: .get, url: try TargetURL(text.utf8, options: .development), partition: 1)
                errors.append(await failure { () async throws(ClientError) in try await client.send(request) })
            }
            return errors
        }
        #expect(errors == table.map { .urlRefused($0.1) })
        #expect(lookups.withLock { $0 } == 0)
    }
}
