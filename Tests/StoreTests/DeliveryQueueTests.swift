import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct DeliveryQueueTests {
    private struct Scene: Sendable {
        let fixture: StoreFixture
        let seed: Seed
        let endpoint: EndpointID
        let node: UUIDValue
        var store: Store { fixture.store }

        init(_ fixture: StoreFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            endpoint = try await seed.endpoint()
            node = fixture.store.identifiers.nextUUID()
        }

        func lease(_ node: UUIDValue? = nil) -> Lease {
            Lease(node: node ?? self.node, end: store.clock.now() + .seconds(60))
        }

        func accept(_ count: Int = 1, leased: Bool) async throws -> [DueDelivery] {
            let session = try await seed.linkSession()
            let events = (0..<count).map { _ in seed.received("Pending", session) }
            return try await store.accept(events, lease: leased ? lease() : nil).flatMap(\.deliveries)
        }

        func finished(_ delivery: DueDelivery, _ decision: DeliveryMachine.Decision, status: Int32? = 200)
            -> FinishedAttempt
        {
            FinishedAttempt(
                delivery: delivery, id: store.identifiers.next(), startedAt: store.clock.now(),
                duration: .milliseconds(12), statusCode: status, errorCode: decision == .delivered ? nil : "httpStatus",
                responseBody: Seed.bytes("ok"), decision: decision)
        }

        func delivery() async throws -> Delivery {
            try await store.deliveries(seed.scope, DeliveryFilter(), PageRequest()).items.at(0)
        }
    }

    @Test func aLeasedDeliveryIsNobodyElsesUntilItsLeaseEnds() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.accept(leased: false)
            let mine = try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries
            let other = fixture.store.identifiers.nextUUID()
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease(other)).deliveries.isEmpty)
            fixture.clock.advance(by: .seconds(61))
            let theirs = try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease(other)).deliveries
            try #require(theirs.map(\.id) == mine.map(\.id))
            #expect(try theirs.at(0).attempt == 2)
            // The first node wakes up late: its record is kept as an attempt, and changes nothing else.
            try await scene.store.record([scene.finished(mine.at(0), .delivered)], node: scene.node)
            #expect(try await scene.delivery().status == .delivering)
            try await scene.store.record([scene.finished(theirs.at(0), .delivered)], node: other)
            let done = try await scene.delivery()
            #expect(done.status == .delivered)
            #expect(try await scene.store.delivery(scene.seed.scope, done.id).attempts.count == 2)
        }
    }

    @Test func aFailureIsDueAgainAfterItsDelayAndAnExhaustedOneNever() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let first = try await scene.accept(leased: true).at(0)
            try await scene.store.record(
                [scene.finished(first, .retry(after: .seconds(5)), status: 503)], node: scene.node)
            #expect(try await scene.delivery().status == .retrying)
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.isEmpty)
            fixture.clock.advance(by: .seconds(6))
            let second = try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.at(0)
            #expect(second.attempt == 2 && second.failures == 1)
            try await scene.store.record([scene.finished(second, .failed, status: nil)], node: scene.node)
            fixture.clock.advance(by: .seconds(1_000_000))
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.isEmpty)
            let failed = try await scene.delivery()
            #expect(failed.status == .failed && failed.attempts == 2)
            // By hand it goes on.
            _ = try await scene.store.retryDelivery(scene.seed.scope, failed.id)
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.count == 1)
        }
    }

    @Test func twoClaimersNeverGetTheSameDelivery() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.accept(200, leased: false)
            let other = try await fixture.anotherStore()
            var claimed: [DeliveryID] = []
            for _ in 0..<20 {
                async let here = scene.store.claimDue(limit: 10, busy: [], lease: scene.lease())
                async let there = other.claimDue(limit: 10, busy: [], lease: scene.lease())
                let both = try await here.deliveries + there.deliveries
                claimed += both.map(\.id)
            }
            #expect(claimed.count == 200)
            #expect(Set(claimed).count == 200)
            await other.database.close()
        }
    }

    @Test func busyEndpointsArePassedOver() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let second = try await scene.seed.endpoint()
            _ = try await scene.accept(leased: false)
            let claimed = try await scene.store.claimDue(limit: 10, busy: [scene.endpoint], lease: scene.lease())
                .deliveries
            #expect(claimed.map(\.endpoint) == [second])
        }
    }

    @Test func deliveriesOfADisabledEndpointAreHeldAndComeBackWithIt() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.accept(leased: false)
            _ = try await scene.store.setEndpoint(scene.seed.scope, scene.endpoint, enabled: false)
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.isEmpty)
            #expect(try await scene.delivery().status == .held)
            _ = try await scene.store.setEndpoint(scene.seed.scope, scene.endpoint, enabled: true)
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.count == 1)
        }
    }

    @Test func deliveriesOfADeletedEndpointAreCancelled() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.accept(leased: false)
            try await scene.store.deleteEndpoint(scene.seed.scope, scene.endpoint)
            #expect(try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries.isEmpty)
            #expect(try await scene.delivery().status == .cancelled)
        }
    }

    @Test func aDeadNodesLeasesAreRescuedAndALivingOnesAreNot() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let session = try await fixture.anotherStore()
            try await session.holdNode(scene.node, name: "one")
            let leased = try await scene.accept(leased: true)
            #expect(try await scene.store.rescueLeases(for: UUIDValue(high: 0, low: 0)) == 0)
            // The node dies: its session ends.
            await session.database.close()
            var rescued = 0
            for _ in 0..<12_000 where rescued == 0 {
                rescued = try await scene.store.rescueLeases(for: UUIDValue(high: 0, low: 0))
                await fixture.loop.sleep(for: .milliseconds(5))
            }
            #expect(rescued == 1)
            let again = try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries
            #expect(again.map(\.id) == leased.map(\.id))
        }
    }

    @Test func endpointsAreLoadedWithTheirSecretsOpen() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let unknown = fixture.store.identifiers.next(EndpointID.self)
            let loaded = try await scene.store.loadEndpoints([
                (scene.seed.subClient, scene.endpoint), (scene.seed.subClient, unknown),
            ])
            #expect(loaded.map(\.id) == [scene.endpoint])
            #expect(try loaded.at(0).secrets.count == 1)
            #expect(try loaded.at(0).secrets.at(0).text.starts(with: Seed.bytes("whsec_")))
        }
    }
}

extension DeliveryQueueTests {
    @Test func aLeaseWhoseTakingHadNoAnswerIsGivenBackAsAWhole() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let session = try await scene.seed.linkSession()
            let lost = scene.lease()
            let kept = Lease(node: scene.node, end: lost.end + .microseconds(1))
            _ = try await scene.store.accept([scene.seed.received("Pending", session)], lease: lost)
            let known = try await scene.store.accept([scene.seed.received("Succeeded", session)], lease: kept)
            try await scene.store.release(lost)
            let claimed = try await scene.store.claimDue(limit: 10, busy: [], lease: scene.lease()).deliveries
            #expect(claimed.map(\.event.type) == [.transferPending])
            #expect(claimed.map(\.attempt) == [1])
            #expect(try known.at(0).deliveries.count == 1)
        }
    }
}
