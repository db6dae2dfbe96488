import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// What waits in the lanes of endpoints, and in what order it is taken.
@Suite struct LaneTests {
    struct Scene: Sendable {
        let fixture: StoreFixture
        let seed: Seed
        let node: UUIDValue
        var store: Store { fixture.store }

        init(_ fixture: StoreFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            node = fixture.store.identifiers.nextUUID()
        }

        func lease() -> Lease { Lease(node: node, end: store.clock.now() + .seconds(60)) }

        func claim(_ limit: Int = 100, from store: Store? = nil) async throws -> [DueDelivery] {
            try await (store ?? self.store).claimDue(limit: limit, busy: [], lease: lease()).deliveries
        }

        /// Events in a queue, in this order, all of one transfer if it is given.
        func queue(
            _ statuses: [String], of seed: Seed? = nil, session: LinkSessionID? = nil, transfer: UUIDValue? = nil
        ) async throws {
            let seed = seed ?? self.seed
            var session = session
            if session == nil { session = try await seed.linkSession() }
            for status in statuses {
                let event = seed.received(
                    status, session, transfer: transfer ?? store.identifiers.nextUUID())
                _ = try await store.accept([event], lease: nil)
                // Identifiers are in order by microseconds.
                fixture.clock.advance(by: .milliseconds(1))
            }
        }

        func finish(
            _ deliveries: [DueDelivery], _ decision: DeliveryMachine.Decision = .delivered
        ) async throws {
            try await store.record(
                deliveries.map {
                    FinishedAttempt(
                        delivery: $0, id: store.identifiers.next(), startedAt: store.clock.now(),
                        duration: .milliseconds(1), statusCode: decision == .delivered ? 200 : 500, errorCode: nil,
                        responseBody: nil, decision: decision)
                }, node: node)
        }

        func set(_ endpoint: EndpointID, _ assignments: String) throws {
            let id = String(decoding: endpoint.uuid.text, as: UTF8.self)
            _ = try fixture.testDatabase.owner().query(
                "update subgate.endpoint set \(assignments) where id = '\(id)' returning 1")
        }

        func statuses() async throws -> [DeliveryStatus] {
            try await store.deliveries(seed.scope, DeliveryFilter(), PageRequest(limit: 100)).items.map(\.status)
        }
    }

    @Test func aLongQueueOfOneSubClientDoesNotDelayAnother() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            for _ in 0..<5 { _ = try await scene.seed.endpoint() }
            let session = try await scene.seed.linkSession()
            for _ in 0..<10 {
                _ = try await scene.store.accept(
                    (0..<100).map { _ in
                        scene.seed.received("Pending", session, transfer: scene.store.identifiers.nextUUID())
                    }, lease: nil)
            }
            let other = try await Seed.make(scene.store, name: "Other", upstream: scene.seed.upstream)
            let endpoint = try await other.endpoint()
            for round in 0..<5 {
                try await scene.queue(["Pending"], of: other)
                let claimed = try await scene.claim()
                #expect(claimed.filter { $0.endpoint == endpoint }.count == 1, "round \(round)")
                #expect(Set(claimed.map(\.endpoint)).count == 6, "and each endpoint has its turn")
                try await scene.finish(claimed)
            }
        }
    }

    @Test func eventsOfATransferArriveInOrderAndOthersDoNotWait() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try scene.set(try await scene.seed.endpoint(), "ordering = 'transfer'")
            let transfer = scene.store.identifiers.nextUUID()
            try await scene.queue(["Pending", "Succeeded", "RefundPending"], transfer: transfer)
            try await scene.queue(["Pending"])
            let first = try await scene.claim()
            #expect(first.map(\.event.type) == [.transferPending, .transferPending])
            #expect(try await scene.claim().isEmpty)
            // Of the first transfer the first fails: the others wait for its retry, and for its end.
            try await scene.finish([first.at(0)], .retry(after: .seconds(5)))
            try await scene.finish([first.at(1)])
            #expect(try await scene.claim().isEmpty)
            fixture.clock.advance(by: .seconds(6))
            // From the clock into the lane, and out of it in one call.
            let again = try await scene.claim()
            #expect(try again.map(\.id) == [first.at(0).id])
            #expect(try await scene.claim().isEmpty)
            try await scene.finish(again)
            let second = try await scene.claim()
            #expect(second.map(\.event.type) == [.transferSucceeded])
            // One that is given up releases those behind it.
            try await scene.finish(second, .failed)
            #expect(try await scene.claim().map(\.event.type) == [.refundPending])
        }
    }

    @Test func whatALaterEventMadeOldNewsIsDropped() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try scene.set(try await scene.seed.endpoint(), "ordering = 'transfer', supersede = true")
            let transfer = scene.store.identifiers.nextUUID()
            let session = try await scene.seed.linkSession()
            try await scene.queue(["Pending"], session: session, transfer: transfer)
            let pending = try await scene.claim()
            try await scene.finish(pending, .retry(after: .seconds(3_600)))
            try await scene.queue(["Succeeded"], session: session, transfer: transfer)
            let claimed = try await scene.claim()
            #expect(claimed.map(\.event.type) == [.transferSucceeded], "it does not wait for the retry")
            try await scene.finish(claimed)
            fixture.clock.advance(by: .seconds(3_601))
            #expect(try await scene.claim().isEmpty)
            #expect(try await scene.claim().isEmpty)
            #expect(try await scene.statuses() == [.delivered, .cancelled])
        }
    }

    @Test func anEndpointsConcurrencyHoldsOverAllNodes() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try scene.set(try await scene.seed.endpoint(), "max_concurrency = 3")
            try await scene.queue(Array(repeating: "Pending", count: 10))
            let other = try await fixture.anotherStore()
            var flying = try await scene.claim()
            flying += try await scene.claim(from: other)
            #expect(flying.count == 3)
            try await scene.finish([flying.removeFirst()])
            let next = try await scene.claim(from: other)
            #expect(next.count == 1)
            await other.database.close()
        }
    }

    @Test func anEndpointsRateHoldsOverAllNodes() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try scene.set(try await scene.seed.endpoint(), "rate_limit_per_second = 20")
            try await scene.queue(Array(repeating: "Pending", count: 100))
            let start = scene.store.clock.now()
            var claimed = 0
            while claimed < 60 {
                let wave = try await scene.claim()
                claimed += wave.count
                try await scene.finish(wave)
                fixture.clock.advance(by: .milliseconds(10))
                // A tenth of a second may have been saved up.
                let elapsed = scene.store.clock.now() - start
                #expect(Double(claimed) <= (Double(elapsed.microseconds) / 1e6 + 0.11) * 20 + 1)
            }
            #expect(scene.store.clock.now() - start < .seconds(60))
        }
    }

    @Test func aLaneThatWasDrainedIsSoonPassedBy() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.seed.endpoint()
            try await scene.queue(["Pending"])
            let session = try await scene.seed.linkSession()
            func accept() async throws -> Int {
                try await scene.store.accept([scene.seed.received("Pending", session)], lease: scene.lease()).at(0)
                    .deliveries.count
            }
            #expect(try await accept() == 0, "it queues behind what waits")
            #expect(try await scene.claim().count == 2)
            #expect(try await accept() == 1, "nothing waits any more")
            // A row that becomes visible only now, as of a statement that had seen the lane open.
            _ = try fixture.testDatabase.owner().query(
                "update subgate.delivery set due_at = null, status = 'pending', lease_owner = null returning 1")
            #expect(try await scene.claim().isEmpty)
            fixture.clock.advance(by: .seconds(2))
            #expect(try await scene.claim().count == 2)
        }
    }

    /// Of a statement that takes as long as one may.
    @Test func aLaneThatIsClosingIsLookedAtOnceMoreWhenNobodyCanHaveSeenItOpen() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.seed.endpoint()
            try await scene.queue(["Pending"])
            #expect(try await scene.claim().count == 1)
            fixture.clock.advance(by: .seconds(2))
            #expect(try await scene.claim().isEmpty, "the second look")
            _ = try fixture.testDatabase.owner().query(
                "update subgate.delivery set due_at = null, status = 'pending', lease_owner = null returning 1")
            fixture.clock.advance(by: .seconds(25))
            #expect(try await scene.claim().isEmpty)
            fixture.clock.advance(by: .seconds(6))
            #expect(try await scene.claim().count == 1)
            for wait in [2, 31] {
                fixture.clock.advance(by: .seconds(wait))
                #expect(try await scene.claim().isEmpty)
            }
            let looked = try fixture.testDatabase.owner().query("select ready_at is null from subgate.lane")
            #expect(looked.bool(0, 0), "a lane that is closed is not looked at")
        }
    }

    @Test func whatLiesBehindTheScanIsFoundWhenItIsPutBack() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let endpoint = try await scene.seed.endpoint()
            try scene.set(endpoint, "max_concurrency = 5")
            try await scene.queue(["Pending"])
            let old = try await scene.claim()
            try await scene.finish(old, .retry(after: .seconds(600)))
            // Long after, with a lane that has been looked through many times.
            for _ in 0..<5 {
                fixture.clock.advance(by: .seconds(100))
                try await scene.queue(["Pending"])
                try await scene.finish(try await scene.claim())
            }
            fixture.clock.advance(by: .seconds(200))
            #expect(try await scene.claim().map(\.id) == old.map(\.id))
        }
    }

    /// What operations see of what waits.
    @Test func whatIsDueIsCountedOnTheClockAndInLanes() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let store = scene.store
            #expect(
                try await store.backlog(limit: 100)
                    == Backlog(timed: 0, readyLanes: 0, lanes: 0, oldestDueAt: nil))
            _ = try await scene.seed.endpoint()
            let slow = try await scene.seed.endpoint("http://127.0.0.1:9/slow", types: ["transfer.failed"])
            let began = store.clock.now()
            try await scene.queue(["Pending", "Failed", "Failed"])
            fixture.clock.advance(by: .seconds(3))
            let queued = try await store.backlog(limit: 100)
            #expect(queued.timed == 0 && queued.readyLanes == 2 && queued.lanes == 2)
            let oldest = try #require(queued.oldestDueAt)
            #expect(oldest >= began && oldest - began < .seconds(3))
            #expect(try await store.backlog(limit: 1).readyLanes == 1)

            // A paused one has a queue, and is not due.
            var shared = EndpointHealth.Shared()
            shared.breaker = .open
            shared.pausedUntil = store.clock.now() + .seconds(600)
            shared.failingSince = began
            var news = EndpointHealth.News()
            news.isToTell = true
            news.tellsBreaker = true
            _ = try await store.tellHealth(of: slow, scene.seed.subClient, shared, news)
            let claimed = try await scene.claim()
            try await scene.finish(claimed, .retry(after: .seconds(5)))
            let paused = try await store.backlog(limit: 100)
            #expect(paused == Backlog(timed: 0, readyLanes: 0, lanes: 1, oldestDueAt: nil, brokenLanes: 1))
            #expect(queued.brokenLanes == 0)
            fixture.clock.advance(by: .seconds(7))
            let timed = try await store.backlog(limit: 100)
            #expect(timed.timed == claimed.count && timed.readyLanes == 0 && timed.lanes == 1)
            let due = try #require(timed.oldestDueAt)
            let late = store.clock.now() - due
            #expect(late >= .seconds(2) && late < .seconds(6))
        }
    }
}
