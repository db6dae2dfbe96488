import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct AcceptEventsTests {
    private func lease(_ store: Store) -> Lease {
        Lease(node: store.identifiers.nextUUID(), end: store.clock.now() + .seconds(60))
    }

    @Test func anEventIsStoredMovesItsTransferAndOwesOneDeliveryPerMatchingEndpoint() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let all = try await seed.endpoint()
            let family = try await seed.endpoint(types: ["transfer.*"])
            let exact = try await seed.endpoint(types: ["transfer.pending", "webhook.test"])
            _ = try await seed.endpoint(types: ["transfer.failed"])
            let session = try await seed.linkSession()
            let accepted = try await fixture.store.accept(
                [seed.received("Pending", session)], lease: lease(fixture.store))
            #expect(try accepted.at(0).fate == .stored)
            #expect(try Set(accepted.at(0).deliveries.map(\.endpoint)) == [all, family, exact])
            #expect(try accepted.at(0).deliveries.allSatisfy { $0.event.transactionID == Seed.bytes("order-1") })
            #expect(try accepted.at(0).deliveries.allSatisfy { $0.event.userID == Seed.bytes("user-1") })
            let transfers = try await fixture.store.transfers(seed.scope, PageRequest())
            #expect(transfers.items.map(\.status) == [.pending])
            #expect(try transfers.items.at(0).id == accepted.at(0).deliveries.at(0).event.transfer)
        }
    }

    @Test func theSameEventIsStoredOnceHoweverItComes() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            let eventID = fixture.store.identifiers.nextUUID()
            func again() -> ReceivedEvent { seed.received("Succeeded", session, event: eventID) }
            // Twice in one commit, then again in another, then on another connection at once.
            let first = try await fixture.store.accept([again(), again()], lease: lease(fixture.store))
            #expect(first.map(\.fate) == [.stored, .duplicate])
            #expect(first.map(\.deliveries.count) == [1, 0])
            let second = try await fixture.store.accept([again()], lease: lease(fixture.store))
            #expect(second.map(\.fate) == [.duplicate])
            let other = try await fixture.anotherStore()
            async let here = fixture.store.accept([again()], lease: lease(fixture.store))
            async let there = other.accept([again()], lease: lease(fixture.store))
            let both = try await (here, there)
            #expect(both.0[0].fate == .duplicate && both.1[0].fate == .duplicate)
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.count == 1)
            let owed = try fixture.testDatabase.owner().query(
                "select sum(cardinality(event_ids)) from subgate.handover")
            #expect(owed.int64(0, 0) == 1)
            await other.database.close()
        }
    }

    @Test(arguments: [
        (["Pending", "Succeeded"], TransferStatus.succeeded), (["Succeeded", "Pending"], .succeeded),
        (["Failed", "Succeeded"], .succeeded), (["Succeeded", "Failed"], .succeeded), (["Failed", "Pending"], .failed),
        (["Nonsense"], .unknown), (["Nonsense", "Pending"], .pending),
    ])
    func aTransferOnlyMovesForward(_ order: [String], _ expected: TransferStatus) async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            // One after the other, and all in one commit.
            let apart = try await seed.linkSession()
            for status in order { _ = try await fixture.store.accept([seed.received(status, apart)], lease: nil) }
            let together = try await seed.linkSession()
            _ = try await fixture.store.accept(order.map { seed.received($0, together) }, lease: nil)
            let transfers = try await fixture.store.transfers(seed.scope, PageRequest()).items
            #expect(transfers.map(\.status) == [expected, expected])
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.count == order.count * 2)
        }
    }

    @Test func aRefundIsAFacetBesideTheStatusEvenInOneCommit() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept(
                ["RefundSucceeded", "Succeeded", "RefundPending"].map { seed.received($0, session) }, lease: nil)
            let transfer = try await fixture.store.transfers(seed.scope, PageRequest()).items.at(0)
            #expect(transfer.status == .succeeded)
            #expect(transfer.refundStatus == .refundSucceeded)
        }
    }

    @Test func whatNoLinkSessionExplainsIsQuarantinedOnceAndDeliveredToNobody() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let unknown = fixture.store.identifiers.next(LinkSessionID.self)
            let event = fixture.store.identifiers.nextUUID()
            let batch = [
                seed.received("Pending", nil), seed.received("Pending", unknown, event: event),
                seed.received("Pending", unknown, event: event),
            ]
            let accepted = try await fixture.store.accept(batch, lease: lease(fixture.store))
            #expect(accepted.map(\.fate) == [.quarantined, .quarantined, .quarantined])
            #expect(accepted.allSatisfy { $0.deliveries.isEmpty })
            #expect(try await fixture.store.quarantine(.system, PageRequest()).items.count == 2)
            #expect(try await fixture.store.events(seed.scope, PageRequest()).items.isEmpty)
        }
    }

    @Test func deliveriesToBusyEndpointsWaitInTheirLanesAndTheOthersAreHandedOver() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let slow = try await seed.endpoint()
            let quick = try await seed.endpoint()
            let session = try await seed.linkSession()
            let accepted = try await fixture.store.accept(
                [seed.received("Pending", session)], lease: lease(fixture.store), busy: [slow])
            #expect(try accepted.at(0).deliveries.map(\.endpoint) == [quick])
            let claimed = try await fixture.store.claimDue(
                limit: 10, busy: [], lease: lease(fixture.store)
            ).deliveries
            #expect(claimed.map(\.endpoint) == [slow])
            #expect(try claimed.at(0).attempt == 1)
        }
    }

    @Test func deliveriesToADisabledEndpointAreHeldUntilItReturns() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            _ = try await fixture.store.setEndpoint(seed.scope, endpoint, enabled: false)
            let session = try await seed.linkSession()
            let accepted = try await fixture.store.accept(
                [seed.received("Pending", session)], lease: lease(fixture.store))
            #expect(try accepted.at(0).fate == .stored && accepted.at(0).deliveries.isEmpty)
            let held = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest()).items
            #expect(held.map(\.status) == [.held])
            #expect(try await fixture.store.kept(limit: 100) == Kept(held: 1, quarantined: 0))
            _ = try await fixture.store.setEndpoint(seed.scope, endpoint, enabled: true)
            #expect(
                try await fixture.store.claimDue(limit: 10, busy: [], lease: lease(fixture.store)).deliveries.count == 1
            )
            #expect(try await fixture.store.kept(limit: 100) == Kept(held: 0, quarantined: 0))
        }
    }

    @Test func anEventOfAnotherUpstreamDoesNotReachTheSession() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession()
            let production = try await fixture.store.createUpstream(
                .system,
                NewUpstream(
                    name: Seed.bytes("live"), environment: .production, baseURL: Seed.bytes("https://mesh.example"),
                    clientID: fixture.store.identifiers.nextUUID(), clientSecret: Secret(Seed.bytes("s")),
                    webhookSecrets: [Secret(Seed.bytes("h"))]))
            let foreign = Seed(store: fixture.store, subClient: seed.subClient, upstream: production.id)
            let accepted = try await fixture.store.accept([foreign.received("Succeeded", session)], lease: nil)
            #expect(try accepted.at(0).fate == .quarantined)
            #expect(try await fixture.store.kept(limit: 100) == Kept(held: 0, quarantined: 1))
        }
    }

    @Test func batchesOfTwoConnectionsThatMoveTheSameTransfersDoNotLoseAnything() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            var sessions: [LinkSessionID] = []
            for _ in 0..<10 { sessions.append(try await seed.linkSession()) }
            let other = try await fixture.anotherStore()
            let order = sessions
            for _ in 0..<10 {
                async let up = fixture.store.accept(order.map { seed.received("Pending", $0) }, lease: nil)
                async let down = other.accept(order.reversed().map { seed.received("Succeeded", $0) }, lease: nil)
                _ = try await (up, down)
            }
            var statuses: Set<TransferStatus> = []
            for transfer in try await fixture.store.transfers(seed.scope, PageRequest(limit: 100)).items {
                statuses.insert(transfer.status)
            }
            #expect(statuses == [.succeeded])
            let count = try fixture.testDatabase.owner().query("select count(*) from subgate.delivery").int64(0, 0)
            #expect(count == 200)
            await other.database.close()
        }
    }
}
