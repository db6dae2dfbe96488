import Domain
import Runtime
import Store
import TestSupport
import Testing

@Suite struct ReplayTests {
    /// Claims everything that is due and records one attempt each; what came of it is decided by endpoint.
    static func attemptAll(
        _ store: Store, _ decide: (EndpointID) -> DeliveryMachine.Decision
    ) async throws -> [DeliveryID] {
        let lease = Lease(node: store.identifiers.nextUUID(), end: store.clock.now() + .seconds(60))
        var claimed: [DueDelivery] = []
        while true {
            let claim = try await store.claimDue(limit: 500, busy: [], lease: lease)
            claimed += claim.deliveries
            if claim.deliveries.isEmpty { break }
        }
        let finished = claimed.map { due in
            FinishedAttempt(
                delivery: due, id: store.identifiers.next(), startedAt: store.clock.now(), duration: .milliseconds(1),
                statusCode: decide(due.endpoint) == .delivered ? 200 : 500, errorCode: nil, responseBody: nil,
                decision: decide(due.endpoint))
        }
        if !finished.isEmpty { try await store.record(finished, node: lease.node) }
        return claimed.map(\.id)
    }

    private func deliveries(_ replay: Replay) throws -> [Delivery] {
        guard case .done(let deliveries) = replay else { throw StoreError.notFound }
        return deliveries
    }

    @Test func oneDeliveryAnEndpointIsReopened() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            let good = try await seed.endpoint()
            let bad = try await seed.endpoint("http://127.0.0.1:9/bad")
            let session = try await seed.linkSession()
            _ = try await store.accept([seed.received("Succeeded", session)], lease: nil)
            _ = try await Self.attemptAll(store) { $0 == bad ? .failed : .delivered }
            let before = try await store.deliveries(seed.scope, DeliveryFilter(), PageRequest()).items
            let event = try before.at(0).event
            #expect(try await Self.counted(fixture) == UsageCount(linkTokens: 1, events: 1, deliveries: 2))
            // Made after the event: one wants it, one does not.
            let late = try await seed.endpoint("http://127.0.0.1:9/late")
            let picky = try await seed.endpoint("http://127.0.0.1:9/picky", types: ["transfer.failed"])

            let all = try deliveries(try await store.replayEvent(seed.scope, event, to: nil))
            #expect(Set(all.map(\.endpoint)) == [good, bad, late])
            #expect(all.allSatisfy { $0.status == .pending })
            let known = all.filter { $0.endpoint != late }
            #expect(Set(known.map(\.id)) == Set(before.map(\.id)) && known.allSatisfy { $0.attempts == 1 })
            #expect(Set(try await Self.attemptAll(store) { _ in .delivered }) == Set(all.map(\.id)))

            // Named, it goes where the filter would not let it.
            let named = try deliveries(try await store.replayEvent(seed.scope, event, to: [picky]))
            #expect(named.map(\.endpoint) == [picky])
            _ = try await Self.attemptAll(store) { _ in .delivered }
            let log = try await store.delivery(seed.scope, before.at(0).id).attempts
            #expect(log.map(\.number) == [1, 2])
            // Those that were sent again are the deliveries they were.
            #expect(try await Self.counted(fixture) == UsageCount(linkTokens: 1, events: 1, deliveries: 4))
        }
    }

    /// What the only sub-client used, in whichever days a test takes.
    static func counted(_ fixture: StoreFixture) async throws -> UsageCount {
        try await fixture.store.writeUsage()
        let today = fixture.store.clock.now().startOfDay
        let used = try await fixture.store.usage(
            .system, UsageFilter(from: today - .seconds(86_400), before: today + .seconds(86_400)), PageRequest())
        var sum = UsageCount()
        for count in try used.items.at(0).periods.map(\.count) {
            sum.linkTokens += count.linkTokens
            sum.events += count.events
            sum.deliveries += count.deliveries
            sum.attempts += count.attempts
        }
        return sum
    }

    @Test func aFailedOneStartsItsScheduleOver() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            _ = try await store.accept([seed.received("Succeeded", session)], lease: nil)
            for _ in 0..<3 {
                _ = try await Self.attemptAll(store) { _ in .retry(after: .seconds(1)) }
                fixture.clock.advance(by: .seconds(2))
            }
            let event = try await store.events(seed.scope, PageRequest()).items.at(0).id
            _ = try await store.replayEvent(seed.scope, event, to: nil)
            let lease = Lease(node: store.identifiers.nextUUID(), end: store.clock.now() + .seconds(60))
            let claimed = try await store.claimDue(limit: 10, busy: [], lease: lease).deliveries
            #expect(claimed.map(\.failures) == [0] && claimed.map(\.attempt) == [4])
            // It is being attempted now: another replay leaves it alone.
            let again = try deliveries(try await store.replayEvent(seed.scope, event, to: nil))
            #expect(again.map(\.status) == [.delivering])
        }
    }

    @Test func aDisabledEndpointsIsHeldAndAnUnknownOneIsNamed() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            let endpoint = try await seed.endpoint()
            let gone = try await seed.endpoint("http://127.0.0.1:9/gone")
            let session = try await seed.linkSession()
            _ = try await store.accept([seed.received("Succeeded", session)], lease: nil)
            _ = try await Self.attemptAll(store) { _ in .delivered }
            _ = try await store.setEndpoint(seed.scope, endpoint, enabled: false)
            try await store.deleteEndpoint(seed.scope, gone)
            let event = try await store.events(seed.scope, PageRequest()).items.at(0).id
            let all = try deliveries(try await store.replayEvent(seed.scope, event, to: nil))
            #expect(all.map(\.endpoint) == [endpoint] && all.map(\.status) == [.held])
            let elsewhere = try await Seed.make(store, name: "else", upstream: seed.upstream).endpoint()
            let mixed = try await store.replayEvent(seed.scope, event, to: [endpoint, gone, elsewhere])
            guard case .unknownEndpoints(let positions) = mixed else {
                Issue.record("it was done")
                return
            }
            #expect(positions == [1, 2])
            await #expect(throws: StoreError.notFound) {
                try await store.replayEvent(seed.scope, store.identifiers.next(), to: nil)
            }
        }
    }

    @Test func aTestEventGoesWhereItWas() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            _ = try await seed.endpoint("http://127.0.0.1:9/other")
            let sent = try await fixture.store.createTestEvent(seed.scope, for: endpoint) { _, _, _ in Seed.bytes("{}")
            }
            let all = try deliveries(try await fixture.store.replayEvent(seed.scope, sent.event, to: nil))
            #expect(all.map(\.id) == [sent.id])
        }
    }

    @Test func aReplayIsInTheAudit() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept([seed.received("Succeeded", session)], lease: nil)
            _ = try await Self.attemptAll(fixture.store) { _ in .delivered }
            let event = try await fixture.store.events(seed.scope, PageRequest()).items.at(0).id
            _ = try await fixture.store.replayEvent(seed.scope, event, to: nil)
            var filter = AuditFilter()
            filter.action = Seed.bytes("event.replayed")
            let found = try await fixture.store.auditEntries(.system, filter, before: nil, limit: 10)
            #expect(found.entries.count == 1)
        }
    }
}
