import HTTPClient
import Runtime
import Synchronization
import Testing

/// Deadlines, places, cancellation and closing.
@Suite(.timeLimit(.minutes(10))) struct BoundsTests {
    @Test func aRefusedConnectionDidNotReachThePeer() async throws {
        let held = HeldPort()
        defer { held.release() }
        let port = held.port
        let error = try await withClient { client in
            await failure { () async throws(ClientError) in try await client.send(test(port)) }
        }
        #expect(error == .connectFailed)
        #expect(error?.mayHaveReachedPeer == false)
    }

    @Test func noMoreTransfersRunAtOnceThanAllowedAndTheRestWaitTheirTurn() async throws {
        let running = Mutex((now: 0, most: 0))
        let server = LoopbackServer { peer in
            while peer.readRequest() != nil {
                running.withLock { running in
                    running.now += 1
                    running.most = max(running.most, running.now)
                }
                _ = peer.waitBriefly()
                running.withLock { $0.now -= 1 }
                peer.answer()
            }
        }
        defer { server.stop() }
        var configuration = HTTPClientConfiguration()
        configuration.maximumTransfers = 3
        let port = server.port
        try await withClient(configuration) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask { _ = try await client.send(.test(port: port, partition: UInt64(index))) }
                }
                try await group.waitForAll()
            }
        }
        #expect(running.withLock { $0.most } == 3)
    }

    @Test func whoWaitsTooLongOrBehindTooManyIsTurnedAway() async throws {
        let server = LoopbackServer { $0.waitForEnd() }
        defer { server.stop() }
        var configuration = HTTPClientConfiguration()
        configuration.maximumTransfers = 1
        configuration.maximumWaiting = 1
        let port = server.port
        let errors = try await withClient(configuration) { client in
            async let hung = failure { () async throws(ClientError) in
                try await client.send(test(port, total: .seconds(4)))
            }
            async let waiting = failure { () async throws(ClientError) in
                try await client.send(test(port, total: .milliseconds(200)))
            }
            async let turnedAway = failure { () async throws(ClientError) in
                try await client.send(test(port, total: .seconds(30)))
            }
            let errors = await [hung, waiting, turnedAway]
            return errors.map { $0?.code }
        }
        #expect(errors == ["timeout", "tooManyTransfers", "tooManyTransfers"])
    }

    @Test func cancellingATaskEndsItsTransferAndItsConnection() async throws {
        let hasRequest = AsyncStream<Void>.makeStream()
        let hasEnded = AsyncStream<Void>.makeStream()
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            hasRequest.continuation.yield()
            peer.waitForEnd()
            hasEnded.continuation.yield()
        }
        defer { server.stop() }
        let port = server.port
        let error = try await withClient { client, loop in
            let task = Task(executorPreference: loop) {
                await failure { () async throws(ClientError) in try await client.send(test(port)) }
            }
            for await _ in hasRequest.stream { break }
            task.cancel()
            let error = await task.value
            for await _ in hasEnded.stream { break }
            return error
        }
        #expect(error == .cancelled(.init(requestStarted: true, connectionWasReused: false)))
    }

    @Test func cancellingWorksBeforeConnectingToo() async throws {
        var configuration = HTTPClientConfiguration()
        let isAsked = AsyncStream<Void>.makeStream()
        let never = AsyncStream<Void>.makeStream()
        configuration.resolve = { (_, _) throws(ResolverError) in
            isAsked.continuation.yield()
            for await _ in never.stream {}
            throw .temporary
        }
        let request = try OutgoingRequest.test(port: 9, host: "hooks.example.com")
        let error = try await withClient(configuration) { client, loop in
            let task = Task(executorPreference: loop) {
                await failure { () async throws(ClientError) in try await client.send(request) }
            }
            for await _ in isAsked.stream { break }
            task.cancel()
            return await task.value
        }
        #expect(error == .cancelled(.notStarted))
        let early = try await withClient { client, loop in
            let task = Task(executorPreference: loop) {
                await failure { () async throws(ClientError) in try await client.send(test(9)) }
            }
            task.cancel()
            return await task.value
        }
        #expect(early == .cancelled(.notStarted))
    }

    @Test func aSlowLookupCountsAgainstTheDeadline() async throws {
        let never = AsyncStream<Void>.makeStream()
        var configuration = HTTPClientConfiguration()
        configuration.resolve = { (_, _) throws(ResolverError) in
            for await _ in never.stream {}
            throw .temporary
        }
        let request = try OutgoingRequest.test(port: 9, host: "hooks.example.com", total: .milliseconds(100))
        let error = try await withClient(configuration) { client in
            await failure { () async throws(ClientError) in try await client.send(request) }
        }
        #expect(error == .dnsTimeout)
    }

    @Test func closingEndsWhatIsUnderWay() async throws {
        let hasRequest = AsyncStream<Void>.makeStream()
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            hasRequest.continuation.yield()
            peer.waitForEnd()
        }
        defer { server.stop() }
        let port = server.port
        var configuration = HTTPClientConfiguration()
        configuration.maximumTransfers = 1
        let codes = try await withClient(configuration) { client, loop in
            let running = Task(executorPreference: loop) {
                await failure { () async throws(ClientError) in try await client.send(test(port)) }
            }
            for await _ in hasRequest.stream { break }
            let waiting = Task(executorPreference: loop) {
                await failure { () async throws(ClientError) in try await client.send(test(port)) }
            }
            await Task.yield()
            client.close()
            let late = await failure { () async throws(ClientError) in try await client.send(test(port)) }
            return await [running.value, waiting.value, late]
        }
        #expect(
            codes == [
                .closed(.init(requestStarted: true, connectionWasReused: false)), .closed(.notStarted),
                .closed(.notStarted),
            ])
    }

    @Test func manyHungPeersDoNotSlowTheOthers() async throws {
        let hung = LoopbackServer { $0.waitForEnd() }
        defer { hung.stop() }
        let quick = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { quick.stop() }
        let ports = (hung: hung.port, quick: quick.port)
        let counts = try await withClient { client, loop in
            let victims = Task(executorPreference: loop) {
                await withTaskGroup(of: ClientError?.self) { group in
                    for index in 0..<200 {
                        group.addTask {
                            guard
                                let request = try? OutgoingRequest.test(
                                    port: ports.hung, partition: UInt64(index), total: .seconds(5))
                            else { return nil }
                            return await failure { () async throws(ClientError) in try await client.send(request) }
                        }
                    }
                    // On a busy machine the time may be over before the connection stands.
                    return await group.reduce(0) { $0 + (["timeout", "connectTimeout"].contains($1?.code) ? 1 : 0) }
                }
            }
            var answered = 0
            for _ in 0..<200 { answered += try await client.send(.test(port: ports.quick)).status == 200 ? 1 : 0 }
            return await (timedOut: victims.value, answered: answered)
        }
        #expect(counts.timedOut == 200)
        #expect(counts.answered == 200)
    }
}
