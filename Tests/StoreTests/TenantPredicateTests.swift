import Crypto
import Domain
import Foundation
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// The second wall by itself: the sub-client in each statement, on a connection that row-level security does not stop.
@Suite struct TenantPredicateTests {
    /// A function of a sub-client, called with the scope of `mine` and the identifiers of `theirs`.
    struct Call: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable (Store, _ mine: FurnishedTenant, _ theirs: FurnishedTenant) async throws -> Void

        init(
            _ name: String,
            _ run: @escaping @Sendable (Store, FurnishedTenant, FurnishedTenant) async throws -> Void
        ) {
            testDescription = name
            self.run = run
        }
    }

    /// Each gives what one sub-client has, and nothing of another's.
    static let lists: [Call] = [
        Call("credentials") { store, mine, _ in
            let page = try await store.credentials(mine.scope, PageRequest())
            #expect(page.items.map(\.id) == [mine.credential])
        },
        Call("endpoints") { store, mine, _ in
            let page = try await store.endpoints(mine.scope, PageRequest())
            #expect(page.items.map(\.id) == [mine.endpoint])
        },
        Call("linkSessions") { store, mine, _ in
            let page = try await store.linkSessions(mine.scope, PageRequest())
            #expect(page.items.map(\.id) == [mine.linkSession])
        },
        Call("transfers") { store, mine, theirs in
            func found(_ change: (inout TransferFilter) -> Void) async throws -> [TransferID] {
                var filter = TransferFilter()
                change(&filter)
                return try await store.transfers(mine.scope, PageRequest(), matching: filter).items.map(\.id)
            }
            // Both have the same transaction and user.
            let mineOnly = [
                try await found { _ in }, try await found { $0.transactionID = Seed.bytes("order-1") },
                try await found { $0.userID = Seed.bytes("user-1") },
                try await found { $0.linkSession = mine.linkSession },
            ]
            #expect(mineOnly == Array(repeating: [mine.transfer], count: 4))
            let foreign = try await found { $0.linkSession = theirs.linkSession }
            #expect(foreign == [])
        },
        Call("meshTransfers") { store, mine, theirs in
            var query = MeshTransferQuery()
            query.includesWebhookLogs = true
            let page = try await store.meshTransfers(mine.scope, query)
            #expect(page.transfers.map(\.transfer.id) == [mine.transfer] && page.total == 1)
            #expect(page.webhookLogs[mine.transfer]?.map(\.responseBody) == [Seed.bytes(mine.name)])
            // Both have the same transaction, user and upstream id.
            for change in [
                { $0.transactionID = Seed.bytes("order-1") }, { $0.userID = Seed.bytes("user-1") },
                { $0.upstreamTransferID = UUIDValue(high: 1, low: 1) }, { $0.isDescending = false },
            ] as [@Sendable (inout MeshTransferQuery) -> Void] {
                var query = MeshTransferQuery()
                change(&query)
                #expect(
                    try await store.meshTransfers(mine.scope, query).transfers.map(\.transfer.id) == [mine.transfer])
            }
        },
        Call("events") { store, mine, theirs in
            let page = try await store.events(mine.scope, PageRequest())
            #expect(page.items.map(\.id) == [mine.event])
            for (tenant, expected) in [(mine, [mine.event]), (theirs, [])] {
                var filter = EventListFilter()
                filter.transfer = tenant.transfer
                let found = try await store.events(mine.scope, PageRequest(), matching: filter)
                #expect(found.items.map(\.id) == expected)
            }
        },
        Call("streamEvents") { store, mine, _ in
            let page = try await store.streamEvents(
                mine.scope, after: EventStreamTests.start, types: [Seed.bytes("*")], limit: 20)
            #expect(page.events.map(\.id) == [mine.event])
        },
        Call("deliveries") { store, mine, theirs in
            let page = try await store.deliveries(mine.scope, DeliveryFilter(), PageRequest())
            #expect(page.items.map(\.id) == [mine.delivery])
            var filter = DeliveryFilter()
            filter.endpoint = theirs.endpoint
            let none = try await store.deliveries(mine.scope, filter, PageRequest())
            #expect(none.items.isEmpty)
            // By event or by transfer it is another statement.
            for (tenant, isTheirs) in [(mine, false), (theirs, true)] {
                var byEvent = DeliveryFilter()
                byEvent.event = tenant.event
                var byTransfer = DeliveryFilter()
                byTransfer.transfer = tenant.transfer
                for filter in [byEvent, byTransfer] {
                    let found = try await store.deliveries(mine.scope, filter, PageRequest())
                    #expect(found.items.map(\.id) == (isTheirs ? [] : [mine.delivery]))
                }
            }
        },
        Call("branding") { store, mine, _ in
            let branding = try await store.branding(mine.scope)
            #expect(branding.settings.displayName == Seed.bytes(mine.name))
            #expect(branding.logo?.digest == FurnishedTenant.logo(mine.name).digest)
        },
        Call("logo") { store, mine, theirs in
            let logo = try await store.logo(mine.scope)
            #expect(logo.bytes == FurnishedTenant.logo(mine.name).bytes)
            let same = try await store.logo(mine.scope, digest: logo.digest)
            #expect(same.bytes == logo.bytes)
            await #expect(throws: StoreError.notFound) {
                try await store.logo(mine.scope, digest: FurnishedTenant.logo(theirs.name).digest)
            }
        },
        Call("deleteLogo") { store, mine, theirs in
            try await store.deleteLogo(mine.scope)
            await #expect(throws: StoreError.notFound) { try await store.logo(mine.scope) }
            let other = try await store.logo(theirs.scope)
            #expect(other.bytes == FurnishedTenant.logo(theirs.name).bytes)
            _ = try await store.putLogo(mine.scope, FurnishedTenant.logo(mine.name))
        },
        Call("compliance") { store, mine, _ in
            let found = try await store.compliance(mine.scope)
            #expect(found.inForce.kyb.legalEntity == Seed.bytes(mine.name) && found.latest == 1 && found.next == nil)
        },
        Call("complianceRevisions") { store, mine, _ in
            let page = try await store.complianceRevisions(mine.scope, PageRequest())
            #expect(page.items.map(\.kyb.legalEntity) == [Seed.bytes(mine.name)])
        },
        Call("standing") { store, mine, _ in
            let now = store.clock.now()
            let standing = try await store.standing(mine.scope, at: now, until: now + .seconds(1), known: [])
            #expect(standing.revisions.map(\.number) == [1])
        },
        Call("dayHasRoom") { store, mine, _ in
            // Each has used 50 of its day.
            for (amount, hasRoom) in [("50", true), ("50.01", false)] {
                let found = try await store.dayHasRoom(
                    mine.scope, for: ExactDecimal(amount)!, below: ExactDecimal("100")!, revision: 1)
                #expect(found == hasRoom)
            }
        },
        Call("recoveries") { store, mine, _ in
            let page = try await store.recoveries(mine.scope, of: mine.endpoint, PageRequest())
            #expect(page.items.map(\.id) == [mine.recovery])
        },
        Call("erasures") { store, mine, _ in
            let page = try await store.erasures(mine.scope, PageRequest())
            #expect(page.items.map(\.id) == [mine.erasure])
        },
        Call("keptAnswer") { store, mine, _ in
            // Both used the same key for the same route.
            let kept = try await store.keptAnswer(mine.scope, to: mine.request)
            #expect(kept?.answer == Seed.bytes(mine.name))
        },
    ]

    /// Each is given another's identifier and answers as for one that does not exist.
    static let lookups: [Call] = [
        Call("endpoint") { store, mine, theirs in _ = try await store.endpoint(mine.scope, theirs.endpoint) },
        Call("linkSession") { store, mine, theirs in
            _ = try await store.linkSession(mine.scope, theirs.linkSession)
        },
        Call("transfer") { store, mine, theirs in _ = try await store.transfer(mine.scope, theirs.transfer) },
        Call("event") { store, mine, theirs in _ = try await store.event(mine.scope, theirs.event) },
        Call("attempts") { store, mine, theirs in
            let page = try await store.attempts(mine.scope, of: theirs.delivery, AttemptFilter(), PageRequest())
            #expect(page.items.count == 1)
        },
        Call("delivery") { store, mine, theirs in _ = try await store.delivery(mine.scope, theirs.delivery) },
        Call("recovery") { store, mine, theirs in _ = try await store.recovery(mine.scope, theirs.recovery) },
        Call("cancelRecovery") { store, mine, theirs in
            _ = try await store.cancelRecovery(mine.scope, theirs.recovery)
        },
        Call("beginRecovery") { store, mine, theirs in
            let now = store.clock.now()
            _ = try await store.beginRecovery(
                mine.scope, of: theirs.endpoint,
                NewRecovery(since: now - .seconds(1), until: now, onlyFailed: true, ratePerSecond: 1))
        },
        Call("replayEvent") { store, mine, theirs in
            _ = try await store.replayEvent(mine.scope, theirs.event, to: nil)
        },
        Call("statistics") { store, mine, theirs in
            let found = try await store.statistics(mine.scope, of: theirs.endpoint)
            #expect(found.lastDay.attempts == 1)
        },
        Call("statisticSeries") { store, mine, theirs in
            let found = try await store.statisticSeries(mine.scope, of: theirs.endpoint)
            #expect(found.hour.reduce(0) { $0 + $1.attempts.attempts } == 1 && found.hour.count == 12)
            #expect(found.day.reduce(0) { $0 + $1.attempts.attempts } == 1 && found.day.count == 24)
        },
        Call("erasure") { store, mine, theirs in _ = try await store.erasure(mine.scope, theirs.erasure) },
        Call("updateEndpoint") { store, mine, theirs in
            var changes = EndpointChanges()
            changes.url = Seed.bytes("http://127.0.0.1:9/stolen")
            _ = try await store.updateEndpoint(mine.scope, theirs.endpoint, changes, version: nil)
        },
        Call("setEndpoint") { store, mine, theirs in
            _ = try await store.setEndpoint(mine.scope, theirs.endpoint, enabled: false)
        },
        Call("deleteEndpoint") { store, mine, theirs in
            try await store.deleteEndpoint(mine.scope, theirs.endpoint)
        },
        Call("createTestEvent") { store, mine, theirs in
            _ = try await store.createTestEvent(mine.scope, for: theirs.endpoint) { _, _, _ in Seed.bytes("{}") }
        },
        Call("rotateEndpointSecret") { store, mine, theirs in
            _ = try await store.rotateEndpointSecret(
                mine.scope, of: theirs.endpoint, to: WebhookSecretText.makeSecret(), overlap: .seconds(60))
        },
        Call("revokePreviousSecrets") { store, mine, theirs in
            try await store.revokePreviousSecrets(mine.scope, of: theirs.endpoint)
        },
        Call("retryDelivery") { store, mine, theirs in
            _ = try await store.retryDelivery(mine.scope, theirs.delivery)
        },
        Call("credential") { store, mine, theirs in _ = try await store.credential(mine.scope, theirs.credential) },
        Call("revokeSecret") { store, mine, theirs in
            try await store.revokeSecret(mine.scope, of: theirs.credential, theirs.secret)
        },
        Call("revokeCredential") { store, mine, theirs in
            try await store.revokeCredential(mine.scope, theirs.credential)
        },
    ]

    @Test func listsHoldOnlyOnesOwnWithoutTheOtherWall() async throws {
        try await StoreFixture.with(asOwner: true) { fixture in
            let one = try await FurnishedTenant.make(fixture.store, "one")
            let other = try await FurnishedTenant.make(fixture.store, "other", upstream: one.seed.upstream)
            for call in TenantPredicateTests.lists {
                try await call.run(fixture.store, one, other)
                try await call.run(fixture.store, other, one)
            }
        }
    }

    @Test(arguments: lookups)
    func anothersIdentifierIsAsNone(_ call: Call) async throws {
        try await StoreFixture.with(asOwner: true) { fixture in
            let one = try await FurnishedTenant.make(fixture.store, "one")
            let other = try await FurnishedTenant.make(fixture.store, "other", upstream: one.seed.upstream)
            let before = try await contents(fixture)
            let error = await #expect(throws: StoreError.self) { try await call.run(fixture.store, one, other) }
            #expect(error == .notFound)
            #expect(try await contents(fixture) == before)
            // With one's own identifier the same call is right.
            try await call.run(fixture.store, other, other)
        }
    }

    /// A digest of every row of every sub-client's tables.
    private func contents(_ fixture: StoreFixture) async throws -> [String] {
        try await onOwnThread {
            let owner = try fixture.testDatabase.owner()
            return try ["credential", "credential_secret", "endpoint", "endpoint_secret", "event", "delivery"].map {
                table in
                try owner.query(
                    "select coalesce(md5(string_agg(t::text, '' order by t::text)), '') from subgate.\(table) t"
                )
                .string(0, 0)
            }
        }
    }

    /// So that a new function does not go without.
    @Test func everyFunctionOfASubClientIsTriedHere() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/Store")
        let expression = /package func (\w+)\(\s*_ scope: TenantScope/
        let names = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .flatMap { try String(contentsOf: $0, encoding: .utf8).matches(of: expression).map { String($0.1) } }
        // These make something of the scope's own and take nothing that could be another's.
        let creating: Set<String> = [
            "createEndpoint", "createLinkSession", "eraseEndUser", "putBranding", "putLogo", "reviseCompliance",
            "auditDisconnecting",
        ]
        let tried = Set((TenantPredicateTests.lists + TenantPredicateTests.lookups).map(\.testDescription))
        #expect(Set(names).subtracting(creating) == tried)
    }
}
