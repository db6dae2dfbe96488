import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Deliveries in a node's memory: they have no rows, and are lost to nobody.
@Suite struct HandoverTests {
    private static func handovers(_ fixture: StoreFixture) throws -> Int64 {
        try fixture.testDatabase.owner().query("select count(*) from subgate.handover").int64(0, 0)
    }

    private static func accept(_ scene: LaneTests.Scene, _ count: Int) async throws -> [DueDelivery] {
        let session = try await scene.seed.linkSession()
        let events = (0..<count).map { _ in
            scene.seed.received("Pending", session, transfer: scene.store.identifiers.nextUUID())
        }
        return try await scene.store.accept(events, lease: scene.lease()).flatMap(\.deliveries)
    }

    @Test func aDeliveryHasARowFromItsFirstAttemptOn() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let owed = try await Self.accept(scene, 3)
            #expect(owed.count == 3)
            #expect(try await scene.statuses() == [])
            #expect(try Self.handovers(fixture) == 1)
            try await scene.finish(owed)
            #expect(try await scene.statuses() == [.delivered, .delivered, .delivered])
            #expect(try Self.handovers(fixture) == 0)
            let read = try await scene.store.delivery(scene.seed.scope, owed.at(0).id)
            #expect(read.delivery.attempts == 1 && read.attempts.map(\.number) == [1])
        }
    }

    @Test func whatTakesLongGetsARowAndIsFinishedThere() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let owed = try await Self.accept(scene, 2)
            let handover = try #require(owed.at(0).handover?.handover)
            try await scene.store.advance(
                owed.map { DeliveryAdvance($0, handover: handover, next: .delivering) }, node: scene.node,
                endedHandovers: [handover])
            #expect(try await scene.statuses() == [.delivering, .delivering])
            let finished = try FinishedAttempt(
                delivery: owed.at(0), id: scene.store.identifiers.next(), startedAt: scene.store.clock.now(),
                duration: .seconds(2), statusCode: 200, errorCode: nil, responseBody: nil, decision: .delivered)
            try await scene.store.advance(
                [
                    DeliveryAdvance(owed.at(0), handover: nil, next: .delivered, attempt: finished),
                    DeliveryAdvance(owed.at(1), handover: nil, next: .due),
                ], node: scene.node)
            #expect(Set(try await scene.statuses()) == [.delivered, .pending])
            let again = try await scene.claim()
            #expect(try again.map(\.id) == [owed.at(1).id] && again.map(\.attempt) == [1])
        }
    }

    @Test func whatADeadNodeHadInMemoryIsDueForOthers() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let session = try await fixture.anotherStore()
            try await session.holdNode(scene.node, name: "one")
            let owed = try await Self.accept(scene, 3)
            #expect(try await scene.store.rescueLeases(for: UUIDValue(high: 0, low: 0)) == 0)
            await session.database.close()
            var rescued = 0
            for _ in 0..<2_000 where rescued == 0 {
                rescued = try await scene.store.rescueLeases(for: UUIDValue(high: 0, low: 0))
                await fixture.loop.sleep(for: .milliseconds(5))
            }
            #expect(rescued == 3)
            #expect(Set(try await scene.claim().map(\.id)) == Set(owed.map(\.id)))
        }
    }

    /// The server goes on with what a process had sent before it died, and so may commit it after the node was found
    /// dead and everything it held was given back.
    @Test func whatADeadNodesLastCommitBringsIsDueForOthersToo() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let (session, other) = (try await fixture.anotherStore(), UUIDValue(high: 0, low: 0))
            try await session.holdNode(scene.node, name: "one")
            _ = try await Self.accept(scene, 1)
            await session.database.close()
            var rescued = 0
            for _ in 0..<2_000 where rescued == 0 {
                rescued = try await scene.store.rescueLeases(for: other)
                await fixture.loop.sleep(for: .milliseconds(5))
            }
            #expect(rescued == 1)
            _ = try await Self.accept(scene, 2)
            #expect(try await scene.store.rescueLeases(for: other) == 2)
            #expect(try Self.handovers(fixture) == 0)
            #expect(try await scene.claim().count == 3)
        }
    }

    @Test func aDeadNodeIsForgottenWhenNoCommitOfItCanComeAnyMore() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let other = UUIDValue(high: 0, low: 0)
            let known = { try fixture.testDatabase.owner().query("select count(*) from subgate.node").int64(0, 0) }
            let session = try await fixture.anotherStore()
            #expect(try await session.holdNode(scene.node, name: "one").isNew)
            #expect(try await !session.holdNode(scene.node, name: "one").isNew)
            await session.database.close()
            let untilDead = {
                let dead = "select count(*) from subgate.node where dead_since is not null"
                var looks = 0
                while looks < 2_000, try fixture.testDatabase.owner().query(dead).int64(0, 0) == 0 {
                    _ = try await scene.store.rescueLeases(for: other)
                    await fixture.loop.sleep(for: .milliseconds(5))
                    looks += 1
                }
            }
            try await untilDead()
            // It lived all the time, and learns that it was taken for dead.
            let again = try await fixture.anotherStore()
            #expect(try await again.holdNode(scene.node, name: "one").isNew)
            fixture.clock.advance(by: .seconds(3_600))
            _ = try await scene.store.rescueLeases(for: other)
            #expect(try known() == 1)
            await again.database.close()
            try await untilDead()
            fixture.clock.advance(by: .seconds(10))
            _ = try await scene.store.rescueLeases(for: other)
            #expect(try known() == 1)
            fixture.clock.advance(by: .seconds(6))
            _ = try await scene.store.rescueLeases(for: other)
            #expect(try known() == 0)
        }
    }

    @Test func aNodeThatWakesUpAfterItsLeaseWritesNothingButItsAttempts() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let owed = try await Self.accept(scene, 2)
            #expect(try await scene.store.rescueLapsedHandovers(after: Timestamp(seconds: 0)) == 0)
            fixture.clock.advance(by: .seconds(61))
            #expect(try await scene.store.rescueLapsedHandovers(after: Timestamp(seconds: 0)) == 2)
            try await scene.finish(owed)
            #expect(try await scene.statuses() == [.pending, .pending])
            let read = try await scene.store.delivery(scene.seed.scope, owed.at(0).id)
            #expect(read.attempts.count == 1)
            #expect(try await scene.claim().count == 2)
        }
    }

    @Test func anErasureWaitsForWhatIsInMemory() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            let owed = try await Self.accept(scene, 1)
            _ = try await scene.store.eraseEndUser(scene.seed.scope, userID: Seed.bytes("user-1"))
            for _ in 0..<3 {
                try await ErasureTests.work(scene.store, size: 500)
                fixture.clock.advance(by: .seconds(31))
            }
            #expect(try await scene.store.events(scene.seed.scope, PageRequest()).items.count == 1)
            try await scene.finish(owed)
            try await ErasureTests.work(scene.store, size: 500)
            #expect(try await scene.store.events(scene.seed.scope, PageRequest()).items.isEmpty)
            #expect(try await scene.statuses().isEmpty)
        }
    }
}
