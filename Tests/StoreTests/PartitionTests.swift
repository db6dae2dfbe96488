import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Partitions that are made ahead, filled late or missing, and what else grows old.
@Suite struct PartitionTests {
    // MARK: Ahead

    @Test func aClockMovedAheadFindsItsPartitions() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await RetentionTests.Scene(fixture)
            try await scene.store.ensurePartitions()
            fixture.clock.advance(by: .seconds(61 * 86_400))
            try await scene.event(daysAgo: 0, .delivered, withPartition: false)
            let month = scene.month(daysAgo: 0)
            #expect(try scene.places() == ["attempt_\(month)", "delivery_\(month)", "event_\(month)"])
        }
    }

    @Test func whatCameBeforeItsPartitionIsMovedIntoIt() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await RetentionTests.Scene(fixture)
            // A year ahead, and nobody made partitions.
            fixture.clock.advance(by: .seconds(400 * 86_400))
            let early = try await scene.event(daysAgo: 0, .pending, withPartition: false)
            #expect(try scene.places() == ["attempt_default", "delivery_default", "event_default"])
            try await scene.store.ensurePartitions()
            let month = scene.month(daysAgo: 0)
            #expect(try scene.places() == ["attempt_\(month)", "delivery_\(month)", "event_\(month)"])
            #expect(try await scene.store.event(scene.seed.scope, early.id).payload == early.payload)
            let found = try await scene.store.delivery(scene.seed.scope, try scene.delivery(of: early))
            #expect(found.attempts.count == 1)
            // The new partitions are like the others: the same indexes, and nobody may go around their parents.
            let indexes = try scene.owner.query(
                """
                select count(*) filter (where tablename = 'delivery_\(month)'), count(*) filter (where tablename =
                    'delivery_default')
                from pg_indexes where schemaname = 'subgate'
                """)
            #expect(indexes.int64(0, 0) == indexes.int64(0, 1) && indexes.int64(0, 0) > 2)
            let rights = try scene.owner.query(
                "select has_table_privilege('subgate_app', 'subgate.delivery_\(month)', 'select, insert')")
            #expect(!rights.bool(0, 0))
            // What comes now goes there at once, and what is there counts for what is claimed.
            try await scene.event(daysAgo: 0, .pending, withPartition: false)
            #expect(try scene.places().allSatisfy { $0.hasSuffix(month) })
        }
    }

    @Test func manyNodesMakePartitionsAtOnce() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await RetentionTests.Scene(fixture)
            fixture.clock.advance(by: .seconds(400 * 86_400))
            let other = try await fixture.anotherStore()
            async let here: Void = scene.store.ensurePartitions()
            async let there: Void = other.ensurePartitions()
            _ = try await (here, there)
            #expect(try scene.partitions(scene.month(daysAgo: 0)) == 3)
            await other.database.close()
        }
    }

    // MARK: What has no month

    @Test func oldRowsOfTheDefaultPartitionsGoUnlessTheyAreOwed() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await RetentionTests.Scene(fixture)
            // The template has partitions from last month on.
            let gone = try await scene.event(daysAgo: 2_000, .delivered, withPartition: false)
            let owed = try await scene.event(daysAgo: 2_000, .held, withPartition: false)
            fixture.clock.advance(by: .seconds(4_000 * 86_400))
            let future = try await scene.event(daysAgo: 0, .delivered, withPartition: false)
            fixture.clock.advance(by: .seconds(-4_000 * 86_400))
            let before = scene.store.clock.now() - .seconds(90 * 86_400)
            #expect(try await scene.store.pruneDefaultPartitions(before: before, limit: 10) == 1)
            #expect(try await scene.store.pruneDefaultPartitions(before: before, limit: 10) == 0)
            await #expect(throws: StoreError.notFound) { try await scene.store.event(scene.seed.scope, gone.id) }
            for event in [owed, future] {
                #expect(try await scene.store.event(scene.seed.scope, event.id).id == event.id)
            }
            let left = try scene.owner.query(
                "select (select count(*) from subgate.delivery), (select count(*) from subgate.attempt)")
            #expect(left.int64(0, 0) == 2 && left.int64(0, 1) == 2)
        }
    }

    @Test func theQuarantineIsForgottenLikeOtherEvents() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            for days in [200, 150, 100, 1] {
                fixture.clock.advance(by: .seconds(-days * 86_400))
                _ = try await fixture.store.accept([seed.received("Pending", nil)], lease: nil)
                fixture.clock.advance(by: .seconds(days * 86_400))
            }
            let before = fixture.store.clock.now() - .seconds(120 * 86_400)
            #expect(try await fixture.store.forgetQuarantined(before: before, limit: 1) == 1)
            #expect(try await fixture.store.forgetQuarantined(before: before, limit: 10) == 1)
            #expect(try await fixture.store.forgetQuarantined(before: before, limit: 10) == 0)
            #expect(try await fixture.store.quarantine(.system, PageRequest()).items.count == 2)
        }
    }

    // MARK: Keys and chores

    @Test func keysAreForgottenBlockByBlock() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let owner = try fixture.testDatabase.owner()
            try owner.execute(
                """
                insert into subgate.event_key
                select '\(seed.subClient.uuid)', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                    now() - interval '1 day' * (399 - g % 400)
                from generate_series(0, 3999) as g
                """)
            let before = fixture.store.clock.now() - .seconds(200 * 86_400 - 3_600)
            let first = try await fixture.store.forgetEventKeys(before: before, from: 0, count: 2)
            #expect(first.blocks > 10 && first.forgotten > 0 && first.forgotten < 200)
            var forgotten = first.forgotten
            var block: Int64 = 2
            while block < first.blocks {
                forgotten += try await fixture.store.forgetEventKeys(before: before, from: block, count: 7).forgotten
                block += 7
            }
            #expect(forgotten == 2_000)
            let left = try owner.query(
                "select count(*), min(received_at) > now() - interval '200 days' from subgate.event_key")
            #expect(left.int64(0, 0) == 2_000 && left.bool(0, 1))
        }
    }

    @Test func aChoreIsOneWorkersUntilItIsDueAgain() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let other = try await fixture.anotherStore()
            let lease = try #require(try await store.claim(.retention, lease: .seconds(60)))
            #expect(try await other.claim(.retention, lease: .seconds(60)) == nil)
            #expect(try await other.claim(.eventKeys, lease: .seconds(60)) != nil)
            try await store.finish(.retention, lease: lease, next: store.clock.now() + .seconds(100))
            #expect(try await store.claim(.retention, lease: .seconds(60)) == nil)
            fixture.clock.advance(by: .seconds(101))
            let next = try #require(try await other.claim(.retention, lease: .seconds(60)))
            // The first one's lease is no longer good for anything; when the second dies, its runs out.
            try await store.finish(.retention, lease: lease, next: store.clock.now())
            #expect(try await store.claim(.retention, lease: .seconds(60)) == nil)
            fixture.clock.advance(by: .seconds(61))
            #expect(try await store.claim(.retention, lease: .seconds(60)) != next)
            await other.database.close()
        }
    }
}
