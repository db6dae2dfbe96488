import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// What sub-clients used, as it is counted and as it is asked for.
@Suite struct UsageTests {
    private static func filter(_ store: Store, days: Int64 = 1) -> UsageFilter {
        let today = store.clock.now().startOfDay
        return UsageFilter(from: today - .seconds(86_400 * (days - 1)), before: today + .seconds(86_400))
    }

    private static func used(
        _ fixture: StoreFixture, _ filter: UsageFilter, _ page: PageRequest = PageRequest()
    ) async throws -> Page<SubClientUsage> {
        try await fixture.store.writeUsage()
        return try await fixture.store.usage(.system, filter, page)
    }

    @Test func tokensEventsDeliveriesAndAttemptsAreCounted() async throws {
        try await StoreFixture.with { fixture in
            let tenant = try await FurnishedTenant.make(fixture.store, "one")
            let session = try await tenant.seed.linkSession()
            let event = tenant.seed.received("Pending", session)
            // The endpoint has a queue: one delivery more. A repetition counts for nothing, nor does what is nobody's.
            for one in [event, event, tenant.seed.received("Pending", nil)] {
                _ = try await fixture.store.accept([one], lease: nil)
            }
            fixture.store.noteUsage(tenant.subClient, .sandbox, UsageCount(attempts: 2))
            fixture.store.noteUsage(tenant.subClient, .production, UsageCount(attempts: 1))
            var filter = Self.filter(fixture.store)
            let all = try await Self.used(fixture, filter)
            #expect(all.items.map(\.subClient) == [tenant.subClient] && all.next == nil)
            #expect(
                try all.items.at(0).periods.map(\.count) == [
                    UsageCount(linkTokens: 2, events: 2, deliveries: 2, attempts: 2), UsageCount(attempts: 1),
                ])
            #expect(try all.items.at(0).periods.map(\.transfers) == [2, 0])
            filter.environment = .production
            #expect(try await Self.used(fixture, filter).items.at(0).periods.map(\.environment) == [.production])
            filter.environment = nil
            filter.subClient = SubClientID(fixture.store.identifiers.nextUUID())
            #expect(try await Self.used(fixture, filter).items.isEmpty)
        }
    }

    @Test func daysAddUpToMonthsAndEachSubClientIsOnOnePage() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let first = try await FurnishedTenant.make(store, "one")
            let tenants = [
                first, try await FurnishedTenant.make(store, "other", upstream: first.seed.upstream),
            ]
            try await store.writeUsage()
            for _ in 0..<2 {
                fixture.clock.advance(by: .seconds(86_400))
                for tenant in tenants { store.noteUsage(tenant.subClient, .sandbox, UsageCount(events: 1)) }
                try await store.writeUsage()
                for tenant in tenants { store.noteUsage(tenant.subClient, .sandbox, UsageCount(events: 1)) }
            }
            var filter = Self.filter(store, days: 3)
            let newest = try await Self.used(fixture, filter, PageRequest(limit: 1))
            #expect(newest.items.map(\.subClient) == [tenants[1].subClient])
            #expect(try newest.items.at(0).periods.map(\.count.events) == [1, 2, 2])
            let second = try await Self.used(fixture, filter, PageRequest(limit: 1, cursor: newest.next))
            #expect(second.items.map(\.subClient) == [tenants[0].subClient] && second.next == nil)
            filter.interval = .month
            let months = try await Self.used(fixture, filter).items.at(0).periods
            #expect(months.map(\.count.events).reduce(0, +) == 5 && months.count <= 2)
            #expect(months.map(\.transfers).reduce(0, +) == 1)
            // The day before is not asked for.
            filter.from = filter.from + .seconds(86_400)
            #expect(try await Self.used(fixture, filter).items.at(0).periods.map(\.count.events).reduce(0, +) == 4)
        }
    }

    @Test func amountsAreExactByAsset() async throws {
        try await StoreFixture.with { fixture in
            let tenant = try await FurnishedTenant.make(fixture.store, "one")
            try fixture.testDatabase.owner().execute(
                """
                insert into subgate.transfer (sub_client_id, id, link_session_id, upstream_id, upstream_transfer_id,
                    environment, user_id, status, symbol, chain, destination_amount, created_at, updated_at)
                select t.sub_client_id, subgate.first_uuid(t.created_at + n * interval '1 millisecond'),
                    t.link_session_id, t.upstream_id, gen_random_uuid(), t.environment, t.user_id, t.status, 'ETH',
                    'Ethereum', 0.100000000000000000000000000001 * n, t.created_at, t.updated_at
                from subgate.transfer t cross join generate_series(1, 3) as n
                """)
            let used = try await Self.used(fixture, Self.filter(fixture.store))
            #expect(try used.items.at(0).periods.map(\.transfers) == [4])
            let amounts = try String(decoding: used.items.at(0).periods.at(0).amounts, as: UTF8.self)
            #expect(amounts.contains(#""amount" : "0.600000000000000000000000000006""#), "\(amounts)")
            #expect(amounts.contains(#""symbol" : "ETH", "chain" : "Ethereum", "transfers" : 3"#), "\(amounts)")
            #expect(try tenant.subClient == used.items.at(0).subClient)
        }
    }
}
