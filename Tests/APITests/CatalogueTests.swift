import Domain
import HTTPClient
import Runtime
import Synchronization
import Testing

@testable import Store
@testable import Upstream

/// What a loop keeps of upstreams' lists, with a clock and an upstream of the test's own.
@Suite struct CatalogueTests {
    /// Counts fetches, and answers or fails as told. Loop-bound.
    private final class Source: Sendable {
        struct State {
            var failure: UpstreamFailure?
            var fetches: [CatalogueCall] = []
            var size = 0
            var holds = false
        }
        let state: LoopState<State>
        let nanoseconds = Atomic<UInt64>(1_000_000_000_000)
        let loop: EventLoop

        init(_ loop: EventLoop) {
            self.loop = loop
            state = LoopState(loop, State())
        }

        func catalogue(keptBytes: Int = 1 << 20) -> Catalogue {
            let clock = Clock(
                now: { Timestamp(seconds: 0) }, monotonic: { self.nanoseconds.load(ordering: .relaxed) })
            return Catalogue(loop: loop, clock: clock, log: .silent, keptBytes: keptBytes) {
                upstream, call throws(UpstreamFailure) in
                let number = self.state.withValue { state in
                    state.fetches.append(call)
                    return state.fetches.count
                }
                while self.state.withValue({ $0.holds }) { await self.loop.sleep(for: .milliseconds(1)) }
                let (failure, size) = self.state.withValue { ($0.failure, $0.size) }
                if let failure { throw failure }
                return MeshAnswer(content: Array("\(number)".utf8) + [UInt8](repeating: 0x20, count: size))
            }
        }

        func pass(_ duration: Duration) {
            nanoseconds.wrappingAdd(UInt64(duration.microseconds) * 1_000, ordering: .relaxed)
        }

        var fetches: Int { state.withValue { $0.fetches.count } }
    }

    private static func upstream(_ number: UInt64 = 1, version: Int32 = 1) -> ActiveUpstream {
        ActiveUpstream(
            OpenUpstream(
                id: UpstreamID(UUIDValue(high: number, low: 1)), environment: number == 1 ? .sandbox : .production,
                version: version, baseURL: Array("http://127.0.0.1:1".utf8), clientID: UUIDValue(high: 1, low: 1),
                clientSecret: Secret([]), webhookSecrets: [], adminBaseURL: nil, adminClientSecret: nil),
            policy: .allowPrivate)
    }

    private static func with(_ body: @escaping @Sendable (Source) async throws -> Void) async throws {
        let loop = EventLoop()
        loop.start()
        let result = await loop.run { () async -> Result<Void, any Error> in
            do { return .success(try await body(Source(loop))) } catch { return .failure(error) }
        }
        await Task.detached { loop.stop() }.value
        try result.get()
    }

    private static func read(
        _ catalogue: Catalogue, _ call: CatalogueCall, _ upstream: ActiveUpstream
    ) async throws -> String { text(try await catalogue.answer(call, of: upstream)) }

    private static func text(_ answer: MeshAnswer) -> String { String(decoding: answer.content, as: UTF8.self) }

    @Test func aListIsReadOnceWhileItIsFresh() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue()
            #expect(try await Self.read(catalogue, .networks, Self.upstream()) == "1")
            source.pass(UpstreamLimits.catalogueFreshness - .milliseconds(1))
            #expect(try await Self.read(catalogue, .networks, Self.upstream()) == "1")
            source.pass(.milliseconds(1))
            #expect(try await Self.read(catalogue, .networks, Self.upstream()) == "2")
            #expect(try await Self.read(catalogue, .status, Self.upstream()) == "3")
            source.pass(UpstreamLimits.statusFreshness)
            #expect(try await Self.read(catalogue, .status, Self.upstream()) == "4")
        }
    }

    @Test func oneFetchServesAllThatWait() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue()
            source.state.withValue { $0.holds = true }
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask(executorPreference: source.loop) {
                        try await Self.read(catalogue, .tokens, Self.upstream())
                    }
                }
                group.addTask(executorPreference: source.loop) {
                    await source.loop.sleep(for: .milliseconds(20))
                    source.state.withValue { $0.holds = false }
                    return "1"
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(texts == ["1"] && source.fetches == 1)
        }
    }

    @Test func whatIsKnownIsGivenWhileTheUpstreamFails() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue()
            _ = try await catalogue.answer(.networks, of: Self.upstream())
            source.state.withValue { $0.failure = .unreachable(reason: "connectFailed") }
            source.pass(UpstreamLimits.catalogueFreshness)
            for _ in 0..<5 { #expect(try await Self.read(catalogue, .networks, Self.upstream()) == "1") }
            // Asked once, and then left alone for a while.
            #expect(source.fetches == 2)
            source.pass(UpstreamLimits.retryPause)
            _ = try await catalogue.answer(.networks, of: Self.upstream())
            #expect(source.fetches == 3)
            source.pass(UpstreamLimits.staleness)
            await #expect(throws: UpstreamFailure.unreachable(reason: "connectFailed")) {
                _ = try await catalogue.answer(.networks, of: Self.upstream())
            }
            source.state.withValue { $0.failure = nil }
            source.pass(UpstreamLimits.retryPause)
            #expect(try await Self.read(catalogue, .networks, Self.upstream()) == "5")
        }
    }

    @Test func anUpstreamThatAsksForTimeGetsIt() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue()
            source.state.withValue { $0.failure = .tooManyRequests(retryAfter: 60) }
            for pause in [Duration.zero, .seconds(59)] {
                source.pass(pause)
                await #expect(throws: UpstreamFailure.tooManyRequests(retryAfter: 60)) {
                    _ = try await catalogue.answer(.networks, of: Self.upstream())
                }
            }
            #expect(source.fetches == 1)
            source.pass(.seconds(1))
            _ = try? await catalogue.answer(.networks, of: Self.upstream())
            #expect(source.fetches == 2)
        }
    }

    @Test func upstreamsAndTheirVersionsShareNothing() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue()
            #expect(try await Self.read(catalogue, .networks, Self.upstream(1)) == "1")
            #expect(try await Self.read(catalogue, .networks, Self.upstream(2)) == "2")
            #expect(try await Self.read(catalogue, .networks, Self.upstream(1)) == "1")
            #expect(try await Self.read(catalogue, .networks, Self.upstream(1, version: 2)) == "3")
            source.state.withValue { $0.failure = .failed(reason: "status500") }
            await #expect(throws: UpstreamFailure.self) {
                _ = try await catalogue.answer(.networks, of: Self.upstream(1, version: 3))
            }
        }
    }

    @Test func whatIsKeptIsBounded() async throws {
        try await Self.with { (source: Source) async throws -> Void in
            let catalogue = source.catalogue(keptBytes: 250)
            source.state.withValue { $0.size = 99 }
            for call in [CatalogueCall.networks, .tokens] { _ = try await catalogue.answer(call, of: Self.upstream()) }
            source.pass(.seconds(1))
            _ = try await catalogue.answer(.networks, of: Self.upstream())
            source.pass(.seconds(1))
            // The third does not fit beside both: the one that was not used of late goes.
            _ = try await catalogue.answer(.integrations, of: Self.upstream())
            _ = try await catalogue.answer(.networks, of: Self.upstream())
            #expect(source.fetches == 3)
            _ = try await catalogue.answer(.tokens, of: Self.upstream())
            #expect(source.fetches == 4)
        }
    }

    @Test func contentIsTakenAsItCame() throws {
        let call = CatalogueCall.networks.call
        let body = #"{"status":"ok", "content" : {"a": [1.50, null]} ,"errorHash":"x"}"#
        let answer = try MeshAnswer(to: call, status: 200, retryAfter: nil, body: Array(body.utf8))
        #expect(Self.text(answer) == #"{"a": [1.50, null]}"# && answer.errorHash == Array("x".utf8))
        for body in ["", "[]", "{", #"{"content":1,"content":2}"#] {
            #expect(throws: UpstreamFailure.failed(reason: "unreadableAnswer")) {
                _ = try MeshAnswer(to: call, status: 200, retryAfter: nil, body: Array(body.utf8))
            }
        }
        #expect(throws: UpstreamFailure.keysRefused(status: 404)) {
            _ = try MeshAnswer(to: call, status: 404, retryAfter: nil, body: Array(#"{"message":"a"}"#.utf8))
        }
        let removal = MeshCall(.delete, Array("/x".utf8), namesThing: true)
        #expect(throws: UpstreamFailure.self) {
            _ = try MeshAnswer(to: removal, status: 404, retryAfter: nil, body: Array(#"{"message":"a"}"#.utf8))
        }
        #expect(
            MeshCall.path("/x", [("A", Array("a b&ü".utf8)), ("B", nil), ("C", [])])
                == Array("/x?A=a%20b%26%C3%BC&C=".utf8))
    }
}
