import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Old months are dropped when they owe nothing.
@Suite struct RetentionTests {
    /// What happened in another month than this one.
    struct Scene: Sendable {
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
}
