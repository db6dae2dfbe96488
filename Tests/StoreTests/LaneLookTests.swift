import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Claims begin where the last one found nothing before.
@Suite struct LaneLookTests {
    private static func claim(
        _ scene: LaneTests.Scene, after last: Claim? = nil, busy: [EndpointID] = []
    ) async throws -> Claim {
        let beginning = Timestamp(seconds: 0)
        return try await scene.store.claimDue(
            limit: 100, busy: busy, lease: scene.lease(), timedFrom: last?.timedFrom ?? beginning,
            lanesFrom: last?.lanesFrom ?? beginning)
    }

    @Test func whatWasLeftIsLookedForAgain() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let busy = try await scene.seed.endpoint()
            let other = try await scene.seed.endpoint()
            try await scene.queue(["Pending", "Succeeded"])
            fixture.clock.advance(by: .seconds(60))
            var claim = try await Self.claim(scene, busy: [busy])
            #expect(claim.deliveries.map(\.endpoint) == [other, other])
            // However often it is passed over.
            for _ in 0..<3 {
                fixture.clock.advance(by: .seconds(60))
                claim = try await Self.claim(scene, after: claim, busy: [busy])
                #expect(claim.deliveries.allSatisfy { $0.endpoint == other })
            }
            claim = try await Self.claim(scene, after: claim)
            #expect(claim.deliveries.contains { $0.endpoint == busy })
        }
    }

    @Test func onlyTheLanesThatAreNamedAreTakenFrom() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let endpoints = [try await scene.seed.endpoint(), try await scene.seed.endpoint()]
            let idle = try await scene.seed.endpoint(types: ["transfer.failed"])
            try await scene.queue(["Pending", "Pending", "Pending"])
            func claim(_ named: [EndpointID], after last: Claim? = nil) async throws -> Claim {
                try await scene.store.claimDue(
                    limit: 2, lanes: LaneChoice(named: named.map { (scene.seed.subClient, $0) }, inTurn: 0), busy: [],
                    lease: scene.lease(), lanesFrom: last?.lanesFrom ?? Timestamp(seconds: 0))
            }
            let first = try await claim([endpoints[1], idle])
            #expect(first.deliveries.map(\.endpoint) == [endpoints[1], endpoints[1]] && first.hasMore)
            #expect(first.lanesFrom == Timestamp(seconds: 0), "the others were not looked for")
            let second = try await claim([endpoints[1], idle], after: first)
            #expect(second.deliveries.map(\.endpoint) == [endpoints[1]])
            fixture.clock.advance(by: .milliseconds(10))
            let third = try await claim([endpoints[1], idle], after: second)
            #expect(third.deliveries.isEmpty && !third.hasMore)
            let wake = try #require(third.nextWake)
            #expect(wake > scene.store.clock.now(), "the empty lane is looked at once more")
            #expect(try await claim([idle]).deliveries.isEmpty)
            #expect(try await claim([]).deliveries.isEmpty)
            #expect(try await scene.claim().map(\.endpoint) == [endpoints[0], endpoints[0], endpoints[0]])
        }
    }

    @Test func lanesThatAreNamedComeBesideThoseWhoseTurnItIs() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            var endpoints: [EndpointID] = []
            for _ in 0..<3 { endpoints.append(try await scene.seed.endpoint()) }
            try await scene.queue(["Pending", "Pending", "Pending"])
            func claim(_ inTurn: Int) async throws -> Claim {
                try await scene.store.claimDue(
                    limit: 100,
                    lanes: LaneChoice(named: [(scene.seed.subClient, endpoints[2])], inTurn: inTurn, perTurn: 1),
                    busy: [], lease: scene.lease())
            }
            let first = try await claim(1)
            #expect(first.fromLanes.filter { $0.endpoint == endpoints[2] }.count == 3)
            #expect(first.fromLanes.count == 4 && first.leavesLanes, "one lane more, and one of it")
            let second = try await claim(2)
            #expect(Set(second.fromLanes.map(\.endpoint)) == Set(endpoints[0...1]))
            #expect(second.fromLanes.count == 2 && !second.leavesLanes)
        }
    }

    /// With few places a claim takes from few lanes: those that can give nothing are not to be all of them.
    @Test func aLaneThatIsPausedTakesNobodysTurn() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let endpoints = [try await scene.seed.endpoint(), try await scene.seed.endpoint()]
            try await scene.queue(["Pending"])
            let paused = String(decoding: endpoints[0].uuid.text, as: UTF8.self)
            _ = try fixture.testDatabase.owner().query(
                """
                update subgate.lane set breaker = 'open', paused_until = ready_at + interval '1 hour',
                    ready_at = ready_at - interval '1 hour'
                where endpoint_id = '\(paused)' returning 1
                """)
            let claim = try await scene.store.claimDue(
                limit: 100, lanes: LaneChoice(inTurn: 1), busy: [], lease: scene.lease())
            #expect(claim.fromLanes.map(\.endpoint) == [endpoints[1]])
            #expect(!claim.leavesLanes)
        }
    }

    @Test func whatComesLaterIsFound() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let begin = scene.store.clock.now()
            var claim = try await Self.claim(scene)
            #expect(claim.lanesFrom > begin - .seconds(60) && claim.deliveries.isEmpty)
            for shift in [60, 1, 0] as [Int64] {
                fixture.clock.advance(by: .seconds(shift))
                try await scene.queue(["Pending"])
                claim = try await Self.claim(scene, after: claim)
                #expect(claim.deliveries.count == 1, "\(shift)")
            }
        }
    }
}
