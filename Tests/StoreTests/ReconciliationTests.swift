import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// What an upstream's list of transfers tells, beside its webhooks.
@Suite struct ReconciliationTests {
    /// A fact as the reconciler makes it: its key is the same every time.
    private static func fact(
        _ seed: Seed, _ status: String, _ session: LinkSessionID?, transfer: UInt64 = 1
    ) -> ReceivedEvent {
        let key = UUIDValue(high: transfer, low: status.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        return seed.received(
            status, session ?? seed.store.identifiers.next(), event: key, transfer: UUIDValue(high: transfer, low: 1))
    }

    private static func webhook(
        _ seed: Seed, _ status: String, _ session: LinkSessionID, transfer: UInt64 = 1
    ) -> ReceivedEvent {
        seed.received(status, session, transfer: UUIDValue(high: transfer, low: 1))
    }

    @Test func whatNoWebhookToldBecomesAnEventWithItsDeliveriesOnce() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let disabled = try await seed.endpoint()
            _ = try await seed.endpoint(types: ["transfer.failed"])
            _ = try await fixture.store.setEndpoint(seed.scope, disabled, enabled: false)
            let session = try await seed.linkSession()
            #expect(try await fixture.store.reconcile([Self.fact(seed, "Succeeded", session)]) == [.made])
            let events = try await fixture.store.events(seed.scope, PageRequest()).items
            #expect(events.map(\.origin) == [.reconciliation])
            #expect(
                try await ReplayTests.counted(fixture) == UsageCount(linkTokens: 1, events: 1, deliveries: 2),
                "that no webhook told of it is nothing to its sub-client")
            #expect(try events.at(0).transactionID == Seed.bytes("order-1"))
            #expect(try events.at(0).userID == Seed.bytes("user-1"))
            let transfers = try await fixture.store.transfers(seed.scope, PageRequest()).items
            #expect(try transfers.map(\.status) == [.succeeded] && transfers.at(0).id == events.at(0).transfer)
            let deliveries = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest()).items
            #expect(
                Dictionary(uniqueKeysWithValues: deliveries.map { ($0.endpoint, $0.status) })
                    == [endpoint: .pending, disabled: .held])
            // Again, and after the upstream forgot that it had succeeded.
            for status in ["Succeeded", "Pending", "Failed"] {
                #expect(try await fixture.store.reconcile([Self.fact(seed, status, session)]) == [.known], "\(status)")
            }
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.count == 1)
        }
    }

    @Test func whatAWebhookToldIsNoNews() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept([Self.webhook(seed, "Pending", session)], lease: nil)
            #expect(try await fixture.store.reconcile([Self.fact(seed, "Pending", session)]) == [.known])
            #expect(try await fixture.store.reconcile([Self.fact(seed, "Failed", session)]) == [.made])
            _ = try await fixture.store.accept([Self.webhook(seed, "Succeeded", session)], lease: nil)
            #expect(try await fixture.store.reconcile([Self.fact(seed, "Succeeded", session)]) == [.known])
            let events = try await fixture.store.events(seed.scope, PageRequest()).items
            #expect(events.map(\.origin) == [.webhook, .reconciliation, .webhook])
        }
    }

    @Test func theLateWebhookIsARepeatButItsDetailsCount() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            _ = try await fixture.store.reconcile([Self.fact(seed, "Succeeded", session)])
            var details = ReceivedEvent.Details()
            details.sourceAddress = Seed.bytes("0xfrom")
            let late = seed.received("succeeded", session, details: details)
            let lease = Lease(node: fixture.store.identifiers.nextUUID(), end: fixture.store.clock.now() + .seconds(60))
            for _ in 0..<2 {
                let accepted = try await fixture.store.accept([late], lease: lease)
                #expect(try accepted.map(\.fate) == [.duplicate] && accepted.at(0).deliveries.isEmpty)
            }
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.count == 1)
            #expect(try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest()).items.count == 1)
            let transfer = try await fixture.store.transfers(seed.scope, PageRequest()).items.at(0)
            #expect(transfer.sourceAddress == Seed.bytes("0xfrom"))
            // What nobody reconciled is no repeat, even in one batch with what is.
            let batch = try await fixture.store.accept(
                [Self.webhook(seed, "Pending", session), Self.webhook(seed, "Succeeded", session)], lease: lease)
            #expect(batch.map(\.fate) == [.stored, .duplicate])
            #expect(batch.map(\.deliveries.count) == [1, 0])
        }
    }

    @Test func refundsAreAFacetOfTheirOwn() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession()
            for (status, fate) in [
                ("Succeeded", ReconciledFate.made), ("RefundPending", .made), ("RefundPending", .known),
                ("RefundSucceeded", .made), ("RefundFailed", .known), ("Succeeded", .known),
            ] {
                #expect(try await fixture.store.reconcile([Self.fact(seed, status, session)]) == [fate], "\(status)")
            }
            let transfer = try await fixture.store.transfers(seed.scope, PageRequest()).items.at(0)
            #expect(transfer.status == .succeeded && transfer.refundStatus == .refundSucceeded)
            let late = try await fixture.store.accept(
                [Self.webhook(seed, "RefundPending", session), Self.webhook(seed, "RefundFailed", session)], lease: nil)
            #expect(late.map(\.fate) == [.duplicate, .stored])
        }
    }

    @Test func whatNoSessionExplainsOrIsErasedMakesNothing() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let erased = try await seed.linkSession(user: "gone")
            _ = try await fixture.store.eraseEndUser(seed.scope, userID: Seed.bytes("gone"))
            for due in try await fixture.store.dueErasures(limit: 10) {
                while try await fixture.store.eraseChunk(due, size: 100, settling: .zero) == .going {}
            }
            let session = try await seed.linkSession()
            let foreign = Seed(
                store: fixture.store, subClient: seed.subClient, upstream: fixture.store.identifiers.next())
            let fates = try await fixture.store.reconcile([
                Self.fact(seed, "Succeeded", nil, transfer: 1), Self.fact(seed, "Succeeded", erased, transfer: 2),
                Self.fact(foreign, "Succeeded", session, transfer: 3), Self.fact(seed, "Pending", session, transfer: 4),
                // A transfer that the list shows twice.
                Self.fact(seed, "Pending", session, transfer: 4),
            ])
            #expect(fates == [.unexplained, .erased, .unexplained, .made, .known])
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.count == 1)
            #expect(try await fixture.store.quarantine(.system, PageRequest()).items.isEmpty)
        }
    }

    /// The webhook and the look at the list at the same moment, many times: always one event, and one delivery.
    @Test func aWebhookAndALookAtTheSameMomentMakeOneEvent() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let other = try await fixture.anotherStore()
            let third = try await fixture.anotherStore()
            var winners: Set<EventOrigin> = []
            for round in 0..<60 {
                var sessions: [LinkSessionID] = []
                for _ in 0..<5 { sessions.append(try await seed.linkSession()) }
                let order = sessions
                let transfers = order.indices.map { UInt64(round * 10 + $0 + 1) }
                let facts = zip(order, transfers).map { Self.fact(seed, "Succeeded", $0, transfer: $1) }
                let again = Array(
                    zip(order, transfers).map { Self.fact(seed, "Succeeded", $0, transfer: $1) }.reversed())
                let webhooks = Array(
                    zip(order, transfers).map { Self.webhook(seed, "Succeeded", $0, transfer: $1) }.reversed())
                // Who begins takes turns.
                async let first = round % 2 == 0 ? [] : fixture.store.accept(webhooks, lease: nil).map(\.fate)
                async let made = other.reconcile(facts)
                async let remade = third.reconcile(again)
                async let last = round % 2 == 0 ? fixture.store.accept(webhooks, lease: nil).map(\.fate) : []
                let told = try await Array((first + last).reversed())
                let (one, two) = try await (made, Array(remade.reversed()))
                for index in order.indices {
                    let count =
                        (told[index] == .stored ? 1 : 0) + (one[index] == .made ? 1 : 0) + (two[index] == .made ? 1 : 0)
                    #expect(count == 1)
                    winners.insert(told[index] == .stored ? .webhook : .reconciliation)
                }
            }
            #expect(winners == [.webhook, .reconciliation])
            let owner = try fixture.testDatabase.owner()
            #expect(try owner.query("select count(*) from subgate.event").int64(0, 0) == 300)
            #expect(try owner.query("select count(*) from subgate.delivery").int64(0, 0) == 300)
            // Each webhook's own key is kept, and that of each event that was made.
            let keys = try owner.query("select count(*) from subgate.event_key").int64(0, 0)
            #expect(keys > 300 && keys < 600)
            await other.database.close()
            await third.database.close()
        }
    }

    // MARK: Sweeps

    @Test func oneWorkerHasASweepAndGoesOnWhereItStood() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let store = fixture.store
            let claimed = try await store.claimReconciliations(lease: .seconds(60))
            #expect(
                Set(claimed.map(\.sweep)) == [.recent, .deep] && claimed.allSatisfy { $0.upstream == seed.upstream })
            #expect(claimed.allSatisfy { $0.place == nil && $0.failures == 0 })
            let other = try await fixture.anotherStore()
            #expect(try await other.claimReconciliations(lease: .seconds(60)).isEmpty)
            let recent = try #require(claimed.first { $0.sweep == .recent })
            let place = ReconciliationPlace(
                until: Timestamp(seconds: 1_000), from: Timestamp(seconds: 500), offset: 100)
            try await store.turnPage(recent, to: place, lease: .seconds(60))
            // It dies; its lease runs out, and another goes on.
            fixture.clock.advance(by: .seconds(61))
            let taken = try await other.claimReconciliations(lease: .seconds(60))
            #expect(taken.first { $0.sweep == .recent }?.place == place)
            await #expect(throws: StoreError.stale) { try await store.turnPage(recent, to: place, lease: .seconds(60)) }
            await #expect(throws: StoreError.stale) { try await store.finish(recent, next: store.clock.now()) }
            let mine = try #require(taken.first { $0.sweep == .recent })
            try await other.pause(mine, until: store.clock.now() + .seconds(5), failures: 3)
            fixture.clock.advance(by: .seconds(6))
            let again = try await store.claimReconciliations(lease: .seconds(60))
            #expect(try again.map(\.failures) == [3] && again.at(0).place == place)
            try await store.finish(again.at(0), next: store.clock.now())
            #expect(try await store.reconciledUntil() == Timestamp(seconds: 1_000))
            let next = try await store.claimReconciliations(lease: .seconds(60))
            #expect(next.map(\.sweptUntil) == [Timestamp(seconds: 1_000)])
            #expect(try next.at(0).place == nil && next.at(0).failures == 0)
            await other.database.close()
        }
    }
}
