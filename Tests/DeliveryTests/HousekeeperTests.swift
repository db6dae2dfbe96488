import Delivery
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// What a node does for all, now and then.
@Suite struct HousekeeperTests {
    private static let day = Duration.seconds(86_400)

    private static func housekeeper(_ store: Store, days: Int = 90) -> Housekeeper {
        Housekeeper(loop: store.loop, store: store, ages: RetentionAges(days: days), log: .silent)
    }

    private static func months(_ fixture: StoreFixture) throws -> [String] {
        let rows = try fixture.testDatabase.owner().query(
            "select right(relname, 6) from pg_class where relkind = 'r' and relname ~ '^event_[0-9]{6}$' order by 1")
        return rows.indices.map { rows.string($0, 0) }
    }

    @Test func oldMonthsGoHourAfterHourAndNewOnesCome() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            // A year ago something was owed, and half a year ago nothing.
            fixture.clock.advance(by: Self.day * -360)
            try await fixture.store.ensurePartitions()
            let owed = seed.received("Pending", try await seed.linkSession())
            _ = try await fixture.store.accept([owed], lease: nil)
            fixture.clock.advance(by: Self.day * 360)
            let before = try Self.months(fixture)
            let housekeeper = Self.housekeeper(fixture.store)
            await housekeeper.runOnce()
            let after = try Self.months(fixture)
            #expect(after.first == before.first && after.count < before.count)
            // Of a year ago one is left, with its event; of this year as many as are ahead.
            #expect(try await fixture.store.event(seed.scope, owed.id).id == owed.id)
            // It is done with, and an hour later it goes.
            try fixture.testDatabase.owner().execute(
                "update subgate.delivery set status = 'delivered', due_at = null")
            await housekeeper.runOnce()
            #expect(try Self.months(fixture) == after)
            fixture.clock.advance(by: .seconds(3_601))
            await housekeeper.runOnce()
            #expect(try Self.months(fixture) == Array(after.dropFirst()))
            await #expect(throws: StoreError.notFound) { try await fixture.store.event(seed.scope, owed.id) }
        }
    }

    @Test func whatMetALockIsTriedAgainSoon() async throws {
        try await StoreFixture.with { fixture in
            fixture.clock.advance(by: Self.day * 100)
            let holder = try fixture.testDatabase.owner()
            try holder.execute("begin; lock table subgate.event in share mode")
            let before = try Self.months(fixture)
            let housekeeper = Self.housekeeper(fixture.store)
            await housekeeper.runOnce()
            #expect(try Self.months(fixture) == before)
            try holder.execute("rollback")
            await housekeeper.runOnce()
            #expect(try Self.months(fixture) == before)
            fixture.clock.advance(by: .seconds(301))
            await housekeeper.runOnce()
            #expect(try Self.months(fixture).count > before.count)
        }
    }

    @Test func anOldMonthThatSomebodyUsesIsTriedAgainSoon() async throws {
        try await StoreFixture.with { fixture in
            fixture.clock.advance(by: Self.day * -360)
            try await fixture.store.ensurePartitions()
            fixture.clock.advance(by: Self.day * 360)
            let before = try Self.months(fixture)
            let holder = try fixture.testDatabase.owner()
            // New months are there, so only dropping meets the lock.
            try await fixture.store.ensurePartitions()
            try holder.execute("begin; lock table subgate.event in access share mode")
            let housekeeper = Self.housekeeper(fixture.store)
            await housekeeper.runOnce()
            #expect(try Self.months(fixture) == before)
            try holder.execute("rollback")
            fixture.clock.advance(by: .seconds(16))
            await housekeeper.runOnce()
            #expect(try Self.months(fixture).count < before.count)
        }
    }

    @Test func keysAreForgottenOnceADayAtTwiceTheAge() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession()
            for days in [25, 15] {
                fixture.clock.advance(by: Self.day * -days)
                _ = try await fixture.store.accept([seed.received("Pending", session)], lease: nil)
                fixture.clock.advance(by: Self.day * days)
            }
            let owner = try fixture.testDatabase.owner()
            func keys() throws -> Int64 { try owner.query("select count(*) from subgate.event_key").int64(0, 0) }
            let housekeeper = Self.housekeeper(fixture.store, days: 10)
            await housekeeper.runOnce()
            #expect(try keys() == 1)
            fixture.clock.advance(by: Self.day * 6)
            await housekeeper.runOnce()
            #expect(try keys() == 0)
        }
    }
}
