import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// The gate is kept by the statements themselves: whatever a node believes, a database that may be a restored one gives
/// it nothing.
@Suite struct GateTests {
    private static func isHandedOver(_ scene: LaneTests.Scene) async throws -> Bool {
        let event = try await scene.seed.received("Pending", scene.seed.linkSession())
        let accepted = try await scene.store.accept([event], lease: scene.lease())
        #expect(try accepted.at(0).fate == .stored)
        return try !accepted.at(0).deliveries.isEmpty
    }

    /// As if the server had been started since: the row says that another start was let pass.
    private static func restart(_ fixture: StoreFixture) throws {
        try fixture.testDatabase.owner().execute(
            "update subgate.delivery_gate set started_at = started_at - interval '1 hour'")
    }

    @Test func nothingLeavesAServerThatNobodyLookedAt() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            _ = try await scene.seed.endpoint()
            _ = try await scene.store.passGate(scene.store.lookAtGate())
            #expect(try await Self.isHandedOver(scene))
            try await scene.queue(["Pending"])
            try await Self.makeDue(scene)

            try Self.restart(fixture)
            #expect(try await !Self.isHandedOver(scene))
            fixture.clock.advance(by: .seconds(60))
            let beginning = Timestamp(seconds: 0)
            let closed = try await scene.store.claimDue(limit: 100, busy: [], lease: scene.lease())
            #expect(closed.deliveries.isEmpty)
            #expect(closed.timedFrom == beginning && closed.lanesFrom == beginning, "nothing was looked for")

            let look = try await scene.store.lookAtGate()
            #expect(look.record?.server != look.server)
            #expect(try await scene.store.passGate(look) != nil)
            // On the clock, in the lane, and what came while it was closed.
            #expect(try await scene.claim().count == 3)
        }
    }

    /// One more delivery, on the clock.
    private static func makeDue(_ scene: LaneTests.Scene) async throws {
        let event = try await scene.seed.received("Pending", scene.seed.linkSession())
        let owed = try await scene.store.accept([event], lease: scene.lease()).at(0).deliveries
        if owed.isEmpty {
            // It queued behind what waits in the lane: put it on the clock.
            try scene.fixture.testDatabase.owner().execute(
                """
                update subgate.delivery set due_at = created_at
                where id = (select id from subgate.delivery order by id desc limit 1)
                """)
        } else {
            try await scene.store.advance(
                owed.map { DeliveryAdvance($0, handover: $0.handover?.handover, endsHandover: true, next: .due) },
                node: scene.node)
        }
    }

    @Test func whoeverLookedBeforeAnotherWroteDecidesNothing() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await store.passGate(store.lookAtGate())
            let look = try await store.lookAtGate()
            let pulse = try #require(try await store.passGate(look))
            #expect(pulse.number == 2)
            #expect(try await store.passGate(look) == nil)
            try await store.holdGate(look, for: .otherServer)
            #expect(try await store.lookAtGate().record?.hold == nil)
            // Nor does who looked at a server that is no longer there.
            try Self.restart(fixture)
            let gone = GateLook.of(look, startedAt: look.server.startedAt - .seconds(3_600), pulse: pulse)
            #expect(try await store.passGate(gone) == nil)
            try await store.holdGate(gone, for: .otherServer)
            #expect(try await store.lookAtGate().record?.hold == nil)
        }
    }

    @Test func whatIsHeldIsReleasedByAPersonAlone() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let store = scene.store
            _ = try await scene.seed.endpoint()
            _ = try await store.passGate(store.lookAtGate())
            try await scene.queue(["Pending"])
            try await store.holdGate(try await store.lookAtGate(), for: .recoveryTarget)
            let held = try await store.lookAtGate()
            #expect(held.record?.hold?.reason == .recoveryTarget)
            #expect(try await store.passGate(held) == nil)
            #expect(try await !store.holdDeliveries())
            #expect(try await !Self.isHandedOver(scene))
            #expect(try await scene.claim().isEmpty)

            #expect(try await store.releaseDeliveries() == 0)
            #expect(try await store.releaseDeliveries() == nil)
            let released = try await store.lookAtGate()
            #expect(released.record?.hold == nil && released.record?.server == released.server)
            #expect(try await scene.claim().count == 2)
            let actions = try fixture.testDatabase.owner().query(
                "select body::jsonb ->> 'action' from subgate.audit_entry order by seq desc limit 2")
            #expect(actions.string(0, 0) == "deliveries.released" && actions.string(1, 0) == "deliveries.held")
        }
    }

    @Test func whatWasSentBeforeATimeIsDiscarded() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await LaneTests.Scene(fixture)
            let store = scene.store
            _ = try await scene.seed.endpoint()
            _ = try await store.passGate(store.lookAtGate())
            #expect(try await store.discardOwed(before: fixture.store.clock.now()) == nil)
            // One in a node's memory, and its lease ends; one in the lane; one on the clock.
            #expect(try await Self.isHandedOver(scene))
            try await scene.queue(["Pending"])
            try await Self.makeDue(scene)
            let served = store.clock.now()
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await store.holdDeliveries())
            let held = store.clock.now()
            fixture.clock.advance(by: .seconds(90))
            let cutoff = store.clock.now()
            try await scene.queue(["Pending"])

            #expect(
                try await store.owedDeliveries(served: served, heldSince: held).sorted {
                    $0.age.rawValue < $1.age.rawValue
                } == [
                    OwedDeliveries.of(.held, 1), OwedDeliveries.of(.minute, 3),
                ])
            #expect(try await store.discardOwed(before: cutoff) == 3)
            #expect(try await store.discardOwed(before: cutoff) == 0)
            #expect(try await store.releaseDeliveries() == 3)
            #expect(try await scene.claim().count == 1)
            let discarded = try fixture.testDatabase.owner().query(
                "select count(*) from subgate.delivery where status = 'cancelled' and last_error = 'discarded'")
            #expect(discarded.int64(0, 0) == 3)
        }
    }
}

extension GateLook {
    fileprivate static func of(_ look: GateLook, startedAt: Timestamp, pulse: GatePulse) -> GateLook {
        let server = ServerIdentity(
            systemIdentifier: look.server.systemIdentifier, timeline: look.server.timeline, startedAt: startedAt)
        return GateLook(
            server: server, hasRecoveryTarget: false, record: .init(server: server, pulse: pulse), discarded: 0)
    }
}

extension OwedDeliveries {
    fileprivate static func of(_ age: Age, _ count: Int64) -> OwedDeliveries {
        OwedDeliveries(age: age, count: count, tried: 0)
    }
}
