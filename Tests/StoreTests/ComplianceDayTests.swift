import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// The day's total: what is counted never passes its maximum, whoever counts.
@Suite struct ComplianceDayTests {
    /// How many link sessions there are, what they ask for, and what the day's row says.
    private static func totals(_ fixture: StoreFixture, _ seed: Seed) async throws -> (Int64, String, String) {
        try await onOwnThread {
            let owner = try fixture.testDatabase.owner()
            let id: [Parameter] = [.uuid(high: seed.subClient.uuid.high, low: seed.subClient.uuid.low)]
            let sessions = try owner.query(
                """
                select count(*), trim_scale(coalesce(sum(amount_in_fiat), 0))::text from subgate.link_session
                where sub_client_id = $1
                """, parameters: id)
            let days = try owner.query(
                """
                select coalesce(string_agg(trim_scale(amount)::text, ' ' order by day), '') from subgate.compliance_day
                where sub_client_id = $1
                """, parameters: id)
            return (sessions.int64(0, 0), sessions.string(0, 1), days.string(0, 0))
        }
    }

    @Test func aHundredAtOnceFromTwoNodesNeverPassTheMaximum() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let other = try await fixture.anotherStore()
            let stores = [fixture.store, other]
            let (subClient, upstream) = (seed.subClient, seed.upstream)
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let node = Seed(store: stores[number % 2], subClient: subClient, upstream: upstream)
                        do {
                            _ = try await node.linkSession(amount: "10.01", perDayMaximum: "500.50", revision: 1)
                            return true
                        } catch let error as StoreError where error == .dayIsFull {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // To the cent: fifty times 10.01.
            #expect(stored == 50)
            #expect(try await Self.totals(fixture, seed) == (50, "500.5", "500.5"))
            await other.database.close()
        }
    }

    @Test func manySubClientsAtOnceDoNotWaitForEachOtherInCircles() async throws {
        try await StoreFixture.with { fixture in
            let first = try await Seed.make(fixture.store)
            var seeds = [first]
            for number in 0..<4 {
                seeds.append(try await Seed.make(fixture.store, name: "S\(number)", upstream: first.upstream))
            }
            let other = try await fixture.anotherStore()
            let nodes = [fixture.store, other]
            let clients = seeds.map(\.subClient)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        // One node goes up the list, the other down.
                        let place = number % 2 == 0 ? number / 2 % 5 : 4 - number / 2 % 5
                        let node = Seed(
                            store: nodes[number % 2], subClient: clients[place], upstream: first.upstream)
                        _ = try await node.linkSession(amount: "1", perDayMaximum: "20", revision: 1)
                    }
                }
                try await group.waitForAll()
            }
            for seed in seeds { #expect(try await Self.totals(fixture, seed) == (20, "20", "20")) }
            await other.database.close()
        }
    }

    @Test func theDayBeginsWithWhatWasMintedBeforeItHadAMaximum() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.linkSession(amount: "30")
            func room(_ amount: String, _ revision: Int32) async throws -> Bool {
                try await fixture.store.dayHasRoom(
                    seed.scope, for: ExactDecimal(amount)!, below: ExactDecimal("100")!, revision: revision)
            }
            #expect(try await room("70", 1))
            #expect(try await !room("70.01", 1))
            await #expect(throws: StoreError.dayIsFull) {
                _ = try await seed.linkSession(amount: "70.01", perDayMaximum: "100", revision: 1)
            }
            _ = try await seed.linkSession(amount: "20", perDayMaximum: "100", revision: 1)
            #expect(try await Self.totals(fixture, seed).2 == "50")
            // The maximum was lifted for a while, and what was minted then counts again once there is one.
            _ = try await seed.linkSession(amount: "40", revision: 2)
            #expect(try await Self.totals(fixture, seed).2 == "50")
            #expect(try await room("10", 3))
            #expect(try await !room("10.01", 3))
            await #expect(throws: StoreError.dayIsFull) {
                _ = try await seed.linkSession(amount: "10.01", perDayMaximum: "100", revision: 3)
            }
            _ = try await seed.linkSession(amount: "10", perDayMaximum: "100", revision: 3)
            #expect(try await Self.totals(fixture, seed).2 == "100")
        }
    }

    @Test func aNewDayStartsFromNothing() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.linkSession(amount: "100", perDayMaximum: "100", revision: 1)
            await #expect(throws: StoreError.dayIsFull) {
                _ = try await seed.linkSession(amount: "0.01", perDayMaximum: "100", revision: 1)
            }
            fixture.clock.advance(by: .seconds(86_400))
            _ = try await seed.linkSession(amount: "100", perDayMaximum: "100", revision: 1)
            #expect(try await Self.totals(fixture, seed).2 == "100 100")
        }
    }

    @Test func environmentsAreCountedApart() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.linkSession(amount: "100", perDayMaximum: "100", revision: 1)
            let live = PlatformScope.system.tenant(seed.subClient, .production)
            let hasRoom = try await fixture.store.dayHasRoom(
                live, for: ExactDecimal("100")!, below: ExactDecimal("100")!, revision: 1)
            #expect(hasRoom)
        }
    }

    @Test func withoutAnAmountNothingIsStoredUnderAMaximum() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let new = NewLinkSession(
                id: fixture.store.identifiers.next(), environment: .sandbox, upstream: seed.upstream,
                credential: fixture.store.identifiers.next(), transactionID: nil, userID: Seed.bytes("u"),
                transferType: .deposit, amountInFiat: nil, hasTransfer: true,
                expiresAt: fixture.store.clock.now() + .seconds(600), complianceRevision: 1,
                perDayMaximum: ExactDecimal("100"))
            await #expect(throws: StoreError.dayIsFull) {
                try await fixture.store.createLinkSession(seed.scope, new)
            }
            #expect(try await Self.totals(fixture, seed).0 == 0)
        }
    }
}
