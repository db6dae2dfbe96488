import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Partitions: made ahead, filled late, dropped when they owe nothing.
@Suite struct RetentionTests {
    /// What happened in another month than this one.
    private struct Scene: Sendable {
        let fixture: StoreFixture
        let seed: Seed
        let endpoint: EndpointID
        let owner: BlockingConnection
        var store: Store { fixture.store }

        init(_ fixture: StoreFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            endpoint = try await seed.endpoint()
            owner = try fixture.testDatabase.owner()
        }

        /// An event of so many days ago with its delivery and an attempt; in its month's partition, if it is to have
        /// one.
        @discardableResult
        func event(daysAgo: Int, _ status: DeliveryStatus, withPartition: Bool = true) async throws -> Event {
            fixture.clock.advance(by: .seconds(-Int64(daysAgo) * 86_400))
            defer { fixture.clock.advance(by: .seconds(Int64(daysAgo) * 86_400)) }
            if withPartition { try await store.ensurePartitions() }
            let received = seed.received("Succeeded", try await seed.linkSession())
            _ = try await store.accept([received], lease: nil)
            // Some wait on the clock, the others in their lane.
            let due = [.delivering, .retrying].contains(status) ? "now()" : "null"
            try owner.execute(
                """
                update subgate.delivery set status = '\(status.rawValue)', due_at = \(due)
                where event_id = '\(received.id.uuid)'
                """)
            try owner.execute(
                """
                insert into subgate.attempt (sub_client_id, delivery_id, id, number, started_at, duration_us)
                select sub_client_id, id, gen_random_uuid(), 1, created_at, 1 from subgate.delivery
                where event_id = '\(received.id.uuid)'
                """)
            return try await store.event(seed.scope, received.id)
        }

        /// In which tables the rows are, each named once.
        func places() throws -> [String] {
            let rows = try owner.query(
                """
                select distinct place from (
                    select tableoid::regclass::text as place from subgate.event
                    union all select tableoid::regclass::text from subgate.delivery
                    union all select tableoid::regclass::text from subgate.attempt) as all_places
                order by 1
                """)
            return rows.indices.map { String(rows.string($0, 0).split(separator: ".").last ?? "") }
        }

        func month(daysAgo: Int) -> String {
            let text = (store.clock.now() - .seconds(Int64(daysAgo) * 86_400)).rfc3339()
            return String(decoding: text[0..<4] + text[5..<7], as: UTF8.self)
        }

        func partitions(_ month: String) throws -> Int64 {
            try owner.query(
                "select count(*) from pg_class where relkind = 'r' and relname ~ '^(event|delivery|attempt)_\(month)$'"
            ).int64(0, 0)
        }

        /// As housekeeping does with an age of 90 days.
        func drop(on store: Store? = nil) async throws -> [ExpiredPartition] {
            try await (store ?? self.store).dropExpiredPartition(
                before: self.store.clock.now() - .seconds(90 * 86_400))
        }

        func delivery(of event: Event) throws -> DeliveryID {
            let rows = try owner.query("select id from subgate.delivery where event_id = '\(event.id.uuid)'")
            let bits = rows.uuid(0, 0)
            return DeliveryID(UUIDValue(high: bits.high, low: bits.low))
        }
    }

    // MARK: Ahead

    @Test func aClockMovedAheadFindsItsPartitions() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.store.ensurePartitions()
            fixture.clock.advance(by: .seconds(61 * 86_400))
            try await scene.event(daysAgo: 0, .delivered, withPartition: false)
            let month = scene.month(daysAgo: 0)
            #expect(try scene.places() == ["attempt_\(month)", "delivery_\(month)", "event_\(month)"])
        }
    }

    @Test func whatCameBeforeItsPartitionIsMovedIntoIt() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
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
            let scene = try await Scene(fixture)
            fixture.clock.advance(by: .seconds(400 * 86_400))
            let other = try await fixture.anotherStore()
            async let here: Void = scene.store.ensurePartitions()
            async let there: Void = other.ensurePartitions()
            _ = try await (here, there)
            #expect(try scene.partitions(scene.month(daysAgo: 0)) == 3)
            await other.database.close()
        }
    }

    // MARK: Dropping

    @Test func aMonthGoesWhenItIsOldAndOwesNothing() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let old = try await scene.event(daysAgo: 200, .delivered)
            let young = try await scene.event(daysAgo: 80, .failed)
            let (month, kept) = (scene.month(daysAgo: 200), scene.month(daysAgo: 80))
            var dropped: [String] = []
            while let last = try await scene.drop().last, last.keptFor == nil { dropped.append(last.month) }
            #expect(dropped.contains(month) && !dropped.contains(kept) && dropped == dropped.sorted())
            #expect(try scene.partitions(month) == 0)
            #expect(try scene.partitions(kept) == 3)
            await #expect(throws: StoreError.notFound) { try await scene.store.event(scene.seed.scope, old.id) }
            #expect(try await scene.store.event(scene.seed.scope, young.id).id == young.id)
            // Its key is known, and its transfer is on the books.
            let again = scene.seed.received(
                "Succeeded", old.linkSession, event: old.upstreamEventID)
            #expect(try await scene.store.accept([again], lease: nil).map(\.fate) == [.duplicate])
            #expect(try await scene.store.transfers(scene.seed.scope, PageRequest()).items.count == 2)
        }
    }

    @Test(arguments: [DeliveryStatus.pending, .delivering, .retrying, .held])
    func aMonthThatOwesSomethingStaysWithItsEvents(_ status: DeliveryStatus) async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let owed = try await scene.event(daysAgo: 200, status)
            let done = try await scene.event(daysAgo: 200, .delivered)
            let later = try await scene.event(daysAgo: 150, .cancelled)
            let kept = ExpiredPartition(month: scene.month(daysAgo: 200), keptFor: "openDeliveries")
            var found: [ExpiredPartition] = []
            repeat { found = try await scene.drop() } while found.last?.keptFor == nil && !found.isEmpty
            #expect(found == [kept])
            for event in [owed, done] {
                #expect(try await scene.store.event(scene.seed.scope, event.id).id == event.id)
            }
            await #expect(throws: StoreError.notFound) { try await scene.store.event(scene.seed.scope, later.id) }
            // Once it is done with, it goes.
            try scene.owner.execute("update subgate.delivery set status = 'delivered', due_at = null")
            #expect(try await scene.drop() == [ExpiredPartition(month: kept.month, keptFor: nil)])
        }
    }

    @Test func nothingYoungerThanAWeekIsDroppedWhoeverAsks() async throws {
        try await StoreFixture.with { fixture in
            let now = fixture.store.clock.now()
            for moment in [now, now - .seconds(6 * 86_400), now + .seconds(86_400)] {
                let error = await #expect(throws: StoreError.self) {
                    try await fixture.store.dropExpiredPartition(before: moment)
                }
                #expect(error == .unexpected(sqlState: "22023"))
                await #expect(throws: StoreError.self) {
                    try await fixture.store.pruneDefaultPartitions(before: moment, limit: 1)
                }
            }
        }
    }

    @Test func whatSomebodyIsWritingIsSeenOrWaitedFor() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.event(daysAgo: 200, .failed)
            let month = scene.month(daysAgo: 200)
            // Somebody retries it by hand, and has not committed yet.
            let retry = try fixture.testDatabase.owner()
            try retry.execute("begin; update subgate.delivery set status = 'pending'")
            #expect(try await scene.drop().first == ExpiredPartition(month: month, keptFor: "busy"))
            try retry.execute("commit")
            #expect(try await scene.drop().first == ExpiredPartition(month: month, keptFor: "openDeliveries"))
            #expect(try scene.partitions(month) == 3)
        }
    }

    /// A retry and the drop at the same moment: either it is retried and there, or it is gone and nobody is told
    /// otherwise.
    @Test func aRetryAndTheDropAtTheSameMoment() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let other = try await fixture.anotherStore()
            var retried = 0
            for round in 0..<24 {
                let event = try await scene.event(daysAgo: 200, .failed)
                let month = scene.month(daysAgo: 200)
                let delivery = try scene.delivery(of: event)
                // What ensurePartitions made around it is out of the way.
                while let first = try await other.dropExpiredPartition(
                    before: scene.store.clock.now() - .seconds(205 * 86_400)
                ).last, first.keptFor == nil {}
                func retry() async -> Result<Delivery, StoreError> {
                    do throws(StoreError) {
                        return .success(try await scene.store.retryDelivery(scene.seed.scope, delivery))
                    } catch {
                        return .failure(error)
                    }
                }
                // Who begins takes turns.
                let outcome: Result<Delivery, StoreError>
                let dropped: [ExpiredPartition]
                if round % 2 == 0 {
                    async let retrying = retry()
                    async let dropping = scene.drop(on: other)
                    (outcome, dropped) = try await (retrying, dropping)
                } else {
                    async let dropping = scene.drop(on: other)
                    async let retrying = retry()
                    (outcome, dropped) = try await (retrying, dropping)
                }
                let fate = dropped.first { $0.month == month }
                switch outcome {
                case .success:
                    retried += 1
                    #expect(fate?.keptFor != nil)
                    #expect(try await scene.store.event(scene.seed.scope, event.id).id == event.id)
                    try scene.owner.execute("update subgate.delivery set status = 'failed', due_at = null")
                case .failure(let error):
                    #expect(error == .notFound)
                    #expect(fate == ExpiredPartition(month: month, keptFor: nil))
                    await #expect(throws: StoreError.notFound) {
                        try await scene.store.event(scene.seed.scope, event.id)
                    }
                }
                while let last = try await scene.drop().last, last.keptFor == nil {}
            }
            #expect(retried > 0)
            await other.database.close()
        }
    }

    @Test func aReaderWhoStaysMakesTheDropWaitAndNobodyElse() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.event(daysAgo: 200, .delivered)
            let reader = try fixture.testDatabase.owner()
            try reader.execute("begin isolation level repeatable read")
            _ = try reader.query("select count(*) from subgate.event")
            let found = try await scene.drop()
            #expect(found.contains(ExpiredPartition(month: scene.month(daysAgo: 200), keptFor: "busy")))
            #expect(found.allSatisfy { $0.keptFor == "busy" })
            // The lock it waited for is not left behind.
            try await scene.event(daysAgo: 0, .pending)
            try reader.execute("rollback")
            #expect(try await scene.drop().last?.keptFor == nil)
        }
    }

    // MARK: What has no month

    @Test func oldRowsOfTheDefaultPartitionsGoUnlessTheyAreOwed() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
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
