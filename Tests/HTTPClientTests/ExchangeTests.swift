import Glibc
import HTTPClient
import Runtime
import Synchronization
import Testing

/// What is known of a request that has no answer, and the one repetition there is.
@Suite(.timeLimit(.minutes(5))) struct ExchangeTests {
    private func exchange(
        _ port: UInt16, total: Duration = .seconds(10), resends: Bool = false, host: String = "127.0.0.1"
    ) throws -> OutgoingRequest {
        var request = try OutgoingRequest.test(port: port, host: host, body: "x", total: total)
        request.resendsOnStaleConnection = resends
        return request
    }

    // MARK: Timings

    @Test func aSilentPeerHasEveryTimeButTheFirstByte() async throws {
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.waitForEnd()
        }
        defer { server.stop() }
        let request = try exchange(server.port, total: .milliseconds(300))
        let exchange = try await withClient { await $0.exchange(request) }
        #expect(exchange.code == "timeout")
        #expect(exchange.timings.connect > .zero)
        #expect(exchange.timings.firstByte == .zero && exchange.timings.tls == .zero)
        #expect(exchange.timings.total >= .milliseconds(290))
        #expect(exchange.peer == "127.0.0.1" && exchange.sends == 1)
    }

    @Test func aResetAfterTheHeadHasAFirstByte() async throws {
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            _ = peer.waitBriefly()
            peer.write("HTTP/1.1 garbage\r\n\r\n")
        }
        defer { server.stop() }
        let request = try exchange(server.port)
        let exchange = try await withClient { await $0.exchange(request) }
        #expect(exchange.code == "badResponse")
        #expect(exchange.timings.firstByte >= .milliseconds(15))
        #expect(exchange.timings.total >= exchange.timings.firstByte)
    }

    @Test func whatFailsBeforeAConnectionHasNoTimeOfOne() async throws {
        let listener = LoopbackServer { _ in }
        listener.stop()
        let refused = try exchange(listener.port)
        var configuration = HTTPClientConfiguration()
        configuration.resolve = { (_, _) throws(ResolverError) in
            let timer = EventLoop.monotonicNanoseconds
            while EventLoop.monotonicNanoseconds - timer < 5_000_000 { await Task.yield() }
            throw .notFound
        }
        let unknown = try exchange(9, host: "hooks.example.com")
        let (first, second) = try await withClient(configuration) { client in
            (await client.exchange(refused), await client.exchange(unknown))
        }
        #expect(first.code == "connectFailed" && first.sends == 0 && first.peer == "")
        #expect(first.timings.connect == .zero && first.timings.firstByte == .zero && first.timings.total > .zero)
        #expect(second.code == "dnsFailed")
        #expect(second.timings.dns >= .milliseconds(5) && second.timings.total >= second.timings.dns)
    }

    // MARK: Repetition

    @Test func afterADeadConnectionTheRequestGoesOutOnANewOneAndOnlyOnce() async throws {
        // Two kept connections, both of which end as soon as something is asked on them again.
        let count = Mutex(0)
        let gate = Gate(2)
        let server = LoopbackServer { peer in
            guard peer.readRequest() != nil else { return }
            count.withLock { $0 += 1 }
            if peer.number <= 2 { gate.arrive() }
            peer.answer()
            if peer.number > 2 { return peer.waitForEnd() }
            if peer.readRequest() != nil { count.withLock { $0 += 1 } }
        }
        defer { server.stop() }
        let request = try exchange(server.port, resends: true)
        let exchange = try await withClient { client, loop in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask(executorPreference: loop) { _ = try await client.send(request) } }
                try await group.waitForAll()
            }
            return await client.exchange(request)
        }
        #expect(exchange.code == nil && exchange.sends == 2)
        #expect(server.connectionCount == 3)
        #expect(count.withLock { $0 } == 4)
    }

    /// Nothing of an answer came, so what was sent in part goes out again, whole.
    @Test func aLongBodyThatACloseOnTheKeptConnectionCutsShortGoesOutAgain() async throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        let whole = Mutex(0)
        let server = LoopbackServer { peer in
            guard peer.readRequest() != nil else { return }
            whole.withLock { $0 += 1 }
            peer.answer()
            if peer.number > 1 { return peer.waitForEnd() }
            // The next request has begun.
            _ = peer.read()
            peer.resetOnClose()
        }
        defer { server.stop() }
        let first = try exchange(server.port, resends: true)
        var second = try OutgoingRequest.test(port: server.port, body: "x", total: .seconds(30))
        second.body = bytes
        second.resendsOnStaleConnection = true
        let long = second
        let exchange = try await withClient { client in
            _ = try await client.send(first)
            return await client.exchange(long)
        }
        #expect(exchange.code == nil && exchange.sends == 2)
        #expect(server.connectionCount == 2)
        #expect(whole.withLock { $0 } == 2)
    }

    @Test func aRepetitionThatFailsTooIsNotRepeated() async throws {
        let count = Mutex(0)
        let server = LoopbackServer { peer in
            while peer.readRequest() != nil {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                if number > 1 { return }
                peer.answer()
            }
        }
        defer { server.stop() }
        let request = try exchange(server.port, resends: true)
        let exchange = try await withClient { client in
            _ = try await client.send(request)
            return await client.exchange(request)
        }
        #expect(exchange.code == "connectionReset" && exchange.sends == 2)
        #expect(count.withLock { $0 } == 3)
    }

    /// The byte comes when curl has gone back to waiting: one that is there at once may be read in the turn that sent
    /// the request, by curl alone, and then the request is repeated after all.
    @Test func aByteOfAnswerForbidsARepetition() async throws {
        let count = Mutex(0)
        let isWaitedFor = Mutex(false)
        let server = LoopbackServer { peer in
            while peer.readRequest() != nil {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                if number > 1 {
                    while !isWaitedFor.withLock({ $0 }) { sched_yield() }
                    peer.write("H")
                    return
                }
                peer.answer()
            }
        }
        defer { server.stop() }
        let request = try exchange(server.port, resends: true)
        let exchange = try await withClient { client, loop in
            _ = try await client.send(request)
            let second = Task(executorPreference: loop) { await client.exchange(request) }
            while count.withLock({ $0 }) < 2 { await loop.sleep(for: .milliseconds(1)) }
            isWaitedFor.withLock { $0 = true }
            return await second.value
        }
        #expect(exchange.code != nil && exchange.sends == 1)
        #expect(count.withLock { $0 } == 2)
    }

    @Test func aTimeoutOnAKeptConnectionIsNotRepeated() async throws {
        let server = LoopbackServer { peer in
            guard peer.readRequest() != nil else { return }
            peer.answer()
            peer.waitForEnd()
        }
        defer { server.stop() }
        let first = try exchange(server.port, resends: true)
        let second = try exchange(server.port, total: .milliseconds(300), resends: true)
        let exchange = try await withClient { client in
            _ = try await client.send(first)
            return await client.exchange(second)
        }
        #expect(exchange.code == "timeout" && exchange.sends == 1)
        #expect(exchange.timings.connect == .zero)
    }

    // MARK: Names

    @Test func theLastAddressesServeWhileTheNameServersFail() async throws {
        let server = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { server.stop() }
        let answers = Mutex<[Result<[IPAddress], ResolverError>]>([
            .success([.v4(0x7f00_0001)]), .failure(.temporary), .failure(.timeout), .failure(.notFound),
            .failure(.temporary),
        ])
        var configuration = HTTPClientConfiguration()
        configuration.addressLifetime = .zero
        configuration.addressFailureLifetime = .zero
        configuration.resolve = { (_, _) throws(ResolverError) in try answers.withLock { $0.removeFirst() }.get() }
        let request = try exchange(server.port, host: "hooks.example.com")
        let codes = try await withClient(configuration) { client in
            var codes: [String?] = []
            for _ in 0..<5 { codes.append(await client.exchange(request).code) }
            return codes
        }
        #expect(codes == [nil, nil, nil, "dnsFailed", "dnsTimeout"])
    }

    @Test func aNameThatMovesIsFollowedByNewConnections() async throws {
        let first = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.write("HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        }
        defer { first.stop() }
        let moved = Mutex(false)
        var configuration = HTTPClientConfiguration()
        configuration.addressLifetime = .zero
        configuration.resolve = { (_, _) throws(ResolverError) in
            [.v4(moved.withLock { $0 } ? 0x7f00_0002 : 0x7f00_0001)]
        }
        // Each connection serves one request and says so: none is kept for the next.
        let request = try exchange(first.port, host: "hooks.example.com")
        let exchanges = try await withClient(configuration) { client in
            var exchanges = [await client.exchange(request), await client.exchange(request)]
            moved.withLock { $0 = true }
            exchanges.append(await client.exchange(request))
            moved.withLock { $0 = false }
            exchanges.append(await client.exchange(request))
            return exchanges
        }
        // Nobody listens at the other address.
        #expect(exchanges.map(\.code) == [nil, nil, "connectFailed", nil])
        #expect(first.connectionCount == 3)
    }

    @Test func aRequestThatEndsBeforeItBeginsLeavesTheNextItsAddresses() async throws {
        let server = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { server.stop() }
        let request = try exchange(server.port)
        let codes = try await withClient { client, loop in
            let first = Task(executorPreference: loop) { await client.exchange(request) }
            await Task.yield()
            first.cancel()
            let second = await client.exchange(request)
            return (await first.value.code, second.code)
        }
        #expect(codes.1 == nil)
        #expect([nil, "cancelled"].contains(codes.0))
    }

    @Test func moreEndpointsThanAddressesAreKeptForAllAreReached() async throws {
        let server = LoopbackServer { peer in while peer.readRequest() != nil { peer.answer() } }
        defer { server.stop() }
        let port = server.port
        var configuration = HTTPClientConfiguration()
        // Room for one idle connection in each part of the client: nearly every request needs a new one.
        configuration.maximumIdleConnections = 8
        let good = try await withClient(configuration) { client in
            var good = 0
            for _ in 0..<2 {
                // All in one part of the client.
                for number in 0..<700 {
                    let request = try OutgoingRequest.test(port: port, partition: UInt64(8 * number))
                    if await client.exchange(request).code == nil { good += 1 }
                }
            }
            return good
        }
        #expect(good == 1_400)
    }

    @Test func namesOfPublicPoliciesAreLookedUpInTheDNSAlone() async throws {
        // The hosts file knows this name, the name server that is not there does not.
        var configuration = HTTPClientConfiguration()
        configuration.nameServers = [NameServer(.v4(0x7f00_0001), port: 1)]
        let request = OutgoingRequest(
            method: .post, url: try TargetURL("https://localhost/".utf8, options: .development), partition: 1)
        let exchange = try await withClient(configuration) { await $0.exchange(request) }
        #expect(exchange.code == "dnsTimeout")
    }
}

extension Exchange {
    /// Nil for an answer.
    fileprivate var code: String? {
        if case .failure(let error) = result { error.code } else { nil }
    }
}

/// Lets threads go on when so many have come.
private final class Gate: Sendable {
    private let missing: Mutex<Int>
    init(_ count: Int) { missing = Mutex(count) }
    func arrive() {
        missing.withLock { $0 -= 1 }
        while missing.withLock({ $0 }) > 0 {}
    }
}
