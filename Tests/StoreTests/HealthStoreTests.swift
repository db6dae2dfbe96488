import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// What nodes tell each other of endpoints, and what follows for the deliveries that wait.
@Suite struct HealthStoreTests {
    private struct Scene {
        let fixture: StoreFixture
        let seed: Seed
        let endpoint: EndpointID
        let node: UUIDValue
        var store: Store { fixture.store }
        var now: Timestamp { store.clock.now() }

        init(_ fixture: StoreFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            endpoint = try await seed.endpoint()
            node = fixture.store.identifiers.nextUUID()
        }

        func lease() -> Lease { Lease(node: node, end: now + .seconds(60)) }

        /// Returns how many of the events' deliveries were handed over.
        func accept(_ count: Int = 1) async throws -> Int {
            let session = try await seed.linkSession()
            let events = (0..<count).map { _ in
                seed.received("Pending", session, transfer: store.identifiers.nextUUID())
            }
            return try await store.accept(events, lease: lease()).reduce(0) { $0 + $1.deliveries.count }
        }

        func claim() async throws -> [DueDelivery] {
            try await store.claimDue(limit: 100, busy: [], lease: lease()).deliveries
        }

        func finish(_ delivery: DueDelivery, _ decision: DeliveryMachine.Decision) async throws {
            try await store.record(
                [
                    FinishedAttempt(
                        delivery: delivery, id: store.identifiers.next(), startedAt: now, duration: .milliseconds(1),
                        statusCode: decision == .delivered ? 200 : 500, errorCode: nil, responseBody: nil,
                        decision: decision)
                ], node: node)
        }

        @discardableResult
        func tell(
            _ breaker: EndpointHealth.Breaker?, until end: Timestamp? = nil, replacing: Timestamp? = nil,
            failingSince: Timestamp? = nil, failures: Int = 0
        ) async throws -> Int32? {
            var shared = EndpointHealth.Shared()
            shared.breaker = breaker ?? .closed
            shared.pausedUntil = end
            shared.failingSince = failingSince
            shared.consecutiveFailures = failures
            var news = EndpointHealth.News()
            news.isToTell = true
            news.tellsBreaker = breaker != nil
            news.replaces = replacing
            return try await store.tellHealth(of: endpoint, seed.subClient, shared, news)
        }

        func health() async throws -> EndpointHealth.Shared? {
            try await store.endpoint(seed.scope, endpoint).health
        }

        func notices() throws -> [String] {
            let rows = try fixture.testDatabase.owner().query(
                "select type || coalesce(' ' || reason, '') from subgate.operator_notice order by noted_at")
            return rows.indices.map { rows.string($0, 0) }
        }
    }

    /// With PostgreSQL's precision of microseconds.
    private static func later(_ scene: Scene, _ seconds: Int) -> Timestamp { scene.now + .seconds(seconds) }

    @Test func aPausedEndpointsDeliveriesWaitInItsLane() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let end = Self.later(scene, 30)
            #expect(try await scene.tell(.open, until: end, failingSince: scene.now, failures: 1) == 1)
            #expect(try await scene.accept(3) == 0)
            #expect(try await scene.claim().isEmpty)
            fixture.clock.advance(by: .seconds(29))
            #expect(try await scene.claim().isEmpty)
            #expect(try await scene.health()?.pausedUntil == end)
        }
    }

    @Test func oneProbeGoesOutOverAllNodesUntilItIsHeardOf() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.tell(.open, until: Self.later(scene, 30), failingSince: scene.now, failures: 1)
            _ = try await scene.accept(5)
            fixture.clock.advance(by: .seconds(31))
            let probe = try await scene.claim()
            #expect(probe.count == 1)
            let end = try #require(probe.first?.probeEnd)
            #expect(end > scene.now + .seconds(19) && end <= scene.now + .seconds(20))
            #expect(try await scene.health()?.breaker == .halfOpen)
            #expect(try await scene.accept() == 0)
            #expect(try await scene.claim().isEmpty)
            // Nothing is heard of it: the next one.
            fixture.clock.advance(by: .seconds(20))
            let second = try await scene.claim()
            #expect(second.count == 1 && second.first?.id != probe.first?.id)
            // Its failure is the next pause, though that is shorter than the probe's time.
            let pause = Self.later(scene, 4)
            try await scene.tell(.open, until: pause, replacing: second.first?.probeEnd, failingSince: scene.now)
            #expect(try await scene.health()?.pausedUntil == pause)
            fixture.clock.advance(by: .seconds(5))
            let third = try await scene.claim()
            #expect(third.count == 1)
            try await scene.finish(third.at(0), .delivered)
            try await scene.tell(.closed, replacing: third.at(0).probeEnd)
            #expect(try await scene.health() == EndpointHealth.Shared())
            let rest = try await scene.claim()
            #expect(rest.count == 3 && rest.allSatisfy { $0.probeEnd == nil })
        }
    }

    @Test func theLaneOfAProbeIsLeftAloneUntilItsEnd() async throws {
        for waiting in [1, 2] {
            try await StoreFixture.with { fixture in
                let scene = try await Scene(fixture)
                try await scene.tell(.open, until: Self.later(scene, 30), failingSince: scene.now, failures: 1)
                _ = try await scene.accept(waiting)
                fixture.clock.advance(by: .seconds(31))
                #expect(try await scene.claim().count == 1)
                let lanes = try fixture.testDatabase.owner().query("select ready_at = paused_until from subgate.lane")
                #expect(lanes.indices.map { lanes.bool($0, 0) } == [true], "\(waiting)")
            }
        }
    }

    @Test func aProbeThatIsGivenBackUnsentIsFollowedAtOnce() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.tell(.open, until: Self.later(scene, 30), failingSince: scene.now, failures: 1)
            _ = try await scene.accept(3)
            fixture.clock.advance(by: .seconds(31))
            for next in [DeliveryAdvance.Next.due, .waiting, .due] {
                let probe = try #require(try await scene.claim().first)
                #expect(probe.probeEnd != nil && probe.attempt == 1)
                #expect(try await scene.claim().isEmpty)
                try await scene.store.advance([DeliveryAdvance(probe, handover: nil, next: next)], node: scene.node)
                fixture.clock.advance(by: .milliseconds(1))
            }
            // One that was the last of its lane too.
            let session = try await scene.seed.linkSession()
            _ = try fixture.testDatabase.owner().query("delete from subgate.delivery returning 1")
            _ = try await scene.store.accept([scene.seed.received("Pending", session)], lease: nil)
            let probe = try #require(try await scene.claim().first)
            try await scene.store.advance([DeliveryAdvance(probe, handover: nil, next: .due)], node: scene.node)
            // What is heard of the endpoint meanwhile is not forgotten for one that comes late.
            let end = Self.later(scene, 300)
            let again = try #require(try await scene.claim().first)
            try await scene.tell(.open, until: end, replacing: again.probeEnd, failingSince: scene.now)
            try await scene.store.advance([DeliveryAdvance(again, handover: nil, next: .due)], node: scene.node)
            fixture.clock.advance(by: .seconds(30))
            #expect(try await scene.claim().isEmpty)
            #expect(try await scene.health()?.pausedUntil == end)
        }
    }

    @Test func aSuccessClosesNothingThatAnotherNodeOpenedSince() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let probeEnd = Self.later(scene, 20)
            try await scene.tell(.halfOpen, until: probeEnd)
            let asked = Self.later(scene, 600)
            try await scene.tell(.open, until: asked, failingSince: scene.now)
            try await scene.tell(.closed, replacing: probeEnd)
            #expect(try await scene.health()?.breaker == .open)
            #expect(try await scene.health()?.pausedUntil == asked)
            // Nor does a shorter pause cut a longer one.
            try await scene.tell(.open, until: Self.later(scene, 10), failingSince: scene.now)
            #expect(try await scene.health()?.pausedUntil == asked)
            // News of failures alone leaves the breaker as it is.
            try await scene.tell(nil, failingSince: scene.now, failures: 12)
            #expect(try await scene.health()?.pausedUntil == asked)
            #expect(try await scene.health()?.consecutiveFailures == 12)
        }
    }

    @Test func whatIsOnTheClockGoesToTheLaneOfAPausedEndpoint() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let session = try await scene.seed.linkSession()
            let made = try await scene.store.accept(
                [scene.seed.received("Pending", session)], lease: scene.lease()
            ).at(0).deliveries
            try await scene.finish(made.at(0), .retry(after: .seconds(5)))
            try await scene.tell(.open, until: Self.later(scene, 60), failingSince: scene.now)
            fixture.clock.advance(by: .seconds(10))
            #expect(try await scene.claim().isEmpty)
            fixture.clock.advance(by: .seconds(51))
            let probe = try await scene.claim()
            #expect(try probe.map(\.id) == [made.at(0).id])
            #expect(try probe.at(0).probeEnd != nil)
            #expect(try probe.at(0).failures == 1, "waiting used up no attempt of its schedule")
        }
    }

    @Test func whatIsGoneIsDisabledOnceAndTold() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let (store, tenant) = (scene.store, scene.seed.subClient)
            #expect(try await store.giveUp(scene.endpoint, tenant, .gone, failedSince: scene.now))
            #expect(try await !store.giveUp(scene.endpoint, tenant, .gone, failedSince: scene.now))
            #expect(try await !store.endpoint(scene.seed.scope, scene.endpoint).enabled)
            #expect(try scene.notices() == ["endpoint.disabled gone"])
            let reason = "select disabled_reason from subgate.endpoint"
            #expect(try fixture.testDatabase.owner().query(reason).string(0, 0) == "gone")
            #expect(try await scene.accept(2) == 0)
            #expect(try await scene.claim().isEmpty)
            // Enabled, it gets one delivery first, and the PSP is told when it takes it.
            fixture.clock.advance(by: .seconds(1))
            _ = try await store.setEndpoint(scene.seed.scope, scene.endpoint, enabled: true)
            #expect(try fixture.testDatabase.owner().query(reason).isNull(0, 0))
            let probe = try await scene.claim()
            #expect(probe.count == 1)
            try await scene.finish(probe.at(0), .delivered)
            #expect(try scene.notices().count == 1)
            try await scene.tell(.closed, replacing: probe.at(0).probeEnd)
            #expect(try scene.notices() == ["endpoint.disabled gone", "endpoint.recovered"])
            #expect(try await scene.claim().count == 1)
            try await scene.tell(.closed)
            #expect(try scene.notices().count == 2)
        }
    }

    @Test func onlyWhatHasFailedLongEnoughIsGivenUp() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let (store, tenant) = (scene.store, scene.seed.subClient)
            #expect(try await !store.giveUp(scene.endpoint, tenant, .failing, failedSince: scene.now))
            let start = scene.now
            try await scene.tell(nil, failingSince: start, failures: 3)
            // Another node's later word does not make it younger.
            fixture.clock.advance(by: .seconds(50))
            try await scene.tell(nil, failingSince: scene.now, failures: 5)
            #expect(try await scene.health()?.failingSince == start)
            #expect(try await !store.giveUp(scene.endpoint, tenant, .failing, failedSince: start - .seconds(1)))
            #expect(try await store.giveUp(scene.endpoint, tenant, .failing, failedSince: start))
            #expect(try scene.notices() == ["endpoint.disabled failing"])
        }
    }

    @Test func aSuccessEndsTheFailingAndLongFailingIsToldToHaveEnded() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.tell(nil, failingSince: scene.now, failures: 3)
            try await scene.tell(nil)
            #expect(try await scene.health()?.failingSince == nil)
            #expect(try scene.notices() == [], "a moment is not worth telling")
            try await scene.tell(nil, failingSince: scene.now, failures: 3)
            fixture.clock.advance(by: .seconds(3_601))
            try await scene.tell(nil)
            #expect(try scene.notices() == ["endpoint.recovered"])
            #expect(try await scene.health()?.consecutiveFailures == 0)
        }
    }

    /// Who sends it elsewhere says that it is well there.
    @Test func aNewAddressBeginsAnew() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.tell(.open, until: Self.later(scene, 86_400), failingSince: scene.now, failures: 20)
            _ = try await scene.accept(2)
            var changes = EndpointChanges()
            changes.description = .set(Seed.bytes("other words"))
            _ = try await scene.store.updateEndpoint(scene.seed.scope, scene.endpoint, changes, version: nil)
            #expect(try await scene.claim().isEmpty)
            changes = EndpointChanges()
            changes.url = Seed.bytes("http://127.0.0.1:9/other")
            _ = try await scene.store.updateEndpoint(scene.seed.scope, scene.endpoint, changes, version: nil)
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await scene.claim().count == 1)
        }
    }

    @Test func whatIsToldOfAnEndpointThatIsGoneIsNotKept() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.store.deleteEndpoint(scene.seed.scope, scene.endpoint)
            let other: EndpointID = scene.store.identifiers.next()
            #expect(try await scene.store.tellHealth(of: other, scene.seed.subClient, .init(), .init()) == nil)
            #expect(try await !scene.store.giveUp(scene.endpoint, scene.seed.subClient, .gone, failedSince: scene.now))
        }
    }
}
